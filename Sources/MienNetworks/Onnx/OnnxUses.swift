/// Who makes and who reads each name of a graph; for operations that exporters write as several operators.
struct OnnxUses {
    private var makers: [String: OnnxNode] = [:]
    private var readers: [String: [OnnxNode]] = [:]
    private let outputs: Set<String>

    init(_ nodes: [OnnxNode], outputs: [String]) {
        self.outputs = Set(outputs)
        for node in nodes {
            for name in Set(node.inputs) { readers[name, default: []].append(node) }
            for name in node.outputs { makers[name] = node }
        }
    }

    /// The node that makes `name`, if it is of the given operation and has that many inputs.
    func maker(_ name: String, _ operation: String, inputs: Int) -> OnnxNode? {
        guard let maker = makers[name], maker.operation == operation, maker.inputs.count == inputs, maker.outputs.first == name else { return nil }
        return maker
    }

    func maker(_ name: String) -> OnnxNode? { makers[name] }

    /// The nodes that read `name`; nil if it is an output of the graph too.
    func readers(_ name: String) -> [OnnxNode]? { outputs.contains(name) ? nil : readers[name] ?? [] }

    /// The only node that reads `name`, if it is of the given operation and has that many inputs.
    func soleReader(_ name: String, _ operation: String, inputs: Int) -> OnnxNode? {
        guard let readers = readers(name), readers.count == 1, readers[0].operation == operation, readers[0].inputs.count == inputs else { return nil }
        return readers[0]
    }
}

extension OnnxNode {
    /// The other one of two inputs.
    func other(than name: String) -> String? {
        guard inputs.count == 2, inputs[0] != inputs[1] else { return nil }
        return inputs[0] == name ? inputs[1] : inputs[1] == name ? inputs[0] : nil
    }
}
