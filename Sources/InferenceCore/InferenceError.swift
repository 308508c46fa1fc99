/// A graph or its input that cannot be run, and which node says so.
package struct InferenceError: Error, CustomStringConvertible, Sendable {
    /// Name of the node or input, as in the model file; nil when no single one is to blame.
    package let node: String?
    package let message: String

    package init(node: String? = nil, _ message: String) {
        self.node = node
        self.message = message
    }

    package var description: String { node.map { "\($0): \(message)" } ?? message }
}
