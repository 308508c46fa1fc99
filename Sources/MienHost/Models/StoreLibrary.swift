import MienEstimation
package import MienModels

/// The model store in the host's words.
package struct StoreLibrary: ModelLibrary {
    private let store: ModelStore

    package init(_ store: ModelStore) { self.store = store }

    package func path(model: String, file: String) throws -> String {
        do {
            return try store.path(model: model, file: file)
        } catch {
            throw ModelUnavailable(model: model, description: error.description)
        }
    }

    package func facts(model: String) -> ModelFacts? {
        store.catalogue.models.first { $0.id == model }.map {
            ModelFacts(id: $0.id, version: $0.version, license: $0.licence, attribution: $0.attribution)
        }
    }

    package func obstacle(model: String) -> String? {
        guard let listing = store.list().first(where: { $0.model.id == model }) else { return "model \(model) is in no catalogue" }
        switch listing.state {
        case .installed: return nil
        case .absent: return "model \(model) is missing; run: \(listing.advice)"
        case .damaged(let what): return "model \(model): \(what)"
        }
    }
}
