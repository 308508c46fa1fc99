package import InferenceCore
package import MienJSON

/// Heads of Empathic Insight in a packed file, a section each, so that only those in use are ever read from the disk.
package struct PackedHeads: Sendable {
    /// What the facts of the file say about a head.
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var inputs: Int
        /// Outputs of its layers.
        package var widths: [Int]

        package init(_ head: HeadWeights) {
            name = head.name
            inputs = head.inputs
            widths = head.layers.map(\.bias.count)
        }

        fileprivate init(_ json: JSONValue, path: String) throws(ModelFileError) {
            let widths = json["widths"]?.array?.compactMap { (value) -> Int? in value.number?.integer() } ?? []
            guard let name = json["name"]?.string, let inputs: Int = json["inputs"]?.number?.integer(), (1...1 << 24).contains(inputs), (1...64).contains(widths.count),
                  widths.allSatisfy({ (1...1 << 16).contains($0) }), widths.last == 1, widths.dropLast().allSatisfy({ $0 > 1 }) || widths.count == 1 else {
                throw ModelFileError(.malformed, file: path, "an entry of 'heads' is not the name, inputs and widths of a head")
            }
            (self.name, self.inputs, self.widths) = (name, inputs, widths)
        }

        package var json: JSONValue {
            .object(JSONObject([("name", .string(name)), ("inputs", .number(JSONNumber(inputs))), ("widths", .array(widths.map { .number(JSONNumber($0)) }))]))
        }
    }

    /// In the order of the file.
    package let entries: [Entry]
    private let networks: [String: Perceptron]
    private let processor: Processor
    private let workspace: Workspace

    static func section(_ name: String) -> String { "head/" + name }

    /// - Throws: `ModelFileError`: `.malformed`, `.missing`, `.mismatch`.
    package init(_ file: PackedFile, on processor: Processor) throws {
        guard let list = try file.fact("heads").array, !list.isEmpty else { throw ModelFileError(.malformed, file: file.path, "the facts name no heads") }
        var entries: [Entry] = [], networks: [String: Perceptron] = [:]
        for json in list {
            let entry = try Entry(json, path: file.path)
            let network = try file.read(Self.section(entry.name)) { try Perceptron(&$0, inputs: entry.inputs, widths: entry.widths, on: processor) }
            guard networks.updateValue(network, forKey: entry.name) == nil else {
                throw ModelFileError(.malformed, file: file.path, "the facts name head '\(entry.name)' twice")
            }
            entries.append(entry)
        }
        self.entries = entries
        self.networks = networks
        self.processor = processor
        workspace = Workspace(on: processor)
    }

    /// Writes a head as a section of its own.
    package static func write(_ head: HeadWeights, to writer: PackedFileWriter, on processor: Processor) throws -> Entry {
        try writer.section(section(head.name)) { try Perceptron(head.layers, on: processor).write(to: &$0) }
        return Entry(head)
    }

    /// Some of the heads as one product; they must read rows of the same length.
    package func together(_ names: [String]) -> Perceptrons { Perceptrons(names.compactMap { networks[$0] }, on: processor, workspace: workspace) }
}
