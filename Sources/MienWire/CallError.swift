/// How a call failed: what crosses the wire as a non-OK status.
package struct CallError: Error, Sendable, Equatable, CustomStringConvertible {
    package var code: StatusCode
    /// For people, in English, one sentence without a full stop.
    package var message: String
    /// Stable, in UPPER_SNAKE_CASE, for programs; empty if there is nothing to add to the code.
    package var reason: String
    /// Field of the request that is to blame, in dotted form; empty if none is.
    package var field: String
    /// Further facts for programs, such as `("limit", "16777216")`.
    package var facts: [MetadataEntry]
    /// Trailing metadata that came with the status.
    package var metadata: [MetadataEntry]

    package init(_ code: StatusCode, _ message: String, reason: String = "", field: String = "", facts: [MetadataEntry] = [], metadata: [MetadataEntry] = []) {
        self.code = code
        self.message = message
        self.reason = reason
        self.field = field
        self.facts = facts
        self.metadata = metadata
    }

    package var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }
}

/// A name and a value beside the messages of a call.
package struct MetadataEntry: Hashable, Sendable {
    package var name: String
    package var value: String
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
