import MienEstimation

/// A model library, and the models that plugins bring along themselves: no catalogue has them, and nobody pulls them.
package struct ExtendedLibrary: ModelLibrary {
    private let base: any ModelLibrary
    private let added: [String: ModelFacts]

    /// - Parameter models: With ids that the library does not have.
    package init(_ base: any ModelLibrary, adding models: [ModelFacts]) {
        self.base = base
        added = Dictionary(models.map { ($0.id, $0) }) { first, _ in first }
    }

    /// A plugin finds its own files by itself.
    package func path(model: String, file: String) throws -> String { try base.path(model: model, file: file) }

    package func facts(model: String) -> ModelFacts? { added[model] ?? base.facts(model: model) }

    package func obstacle(model: String) -> String? { added[model] == nil ? base.obstacle(model: model) : nil }
}
