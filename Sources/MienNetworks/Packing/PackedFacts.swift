package import MienJSON

/// What packed files of Empathic Insight state beside the weights.
package enum PackedFacts {
    /// - Parameters:
    ///   - source: Where the weights come from, in words.
    ///   - isRandom: They are random numbers, for tests.
    ///   - encoder: The encoder's `config.json`.
    ///   - inputs: How many inputs the drift was measured on.
    package static func make(
        source: String, isRandom: Bool, encoder: JSONValue, heads: [PackedHeads.Entry], drift: [HeadDrift], inputs: Int
    ) -> JSONObject {
        var facts = JSONObject([("source", .string(source)), ("encoder", encoder), ("heads", .array(heads.map(\.json)))])
        if isRandom { facts.append("weights", .string("random")) }
        if !drift.isEmpty {
            func number(_ value: Float) -> JSONValue { JSONNumber(value).map(JSONValue.number) ?? .null }
            facts.append("drift", .object(JSONObject([
                ("inputs", .number(JSONNumber(inputs))),
                ("heads", .object(JSONObject(drift.map { ($0.name, .object(JSONObject([("mean", number($0.mean)), ("largest", number($0.largest))]))) }))),
            ])))
        }
        return facts
    }
}

extension PackedFile {
    /// The weights are random numbers, for tests; answers mean nothing.
    package var isRandom: Bool { facts["weights"]?.string == "random" }
}

extension Safetensors {
    /// Says so itself: files of random weights for tests have it in their metadata.
    package var isRandom: Bool { metadata["mien.weights"] == "random" }
}
