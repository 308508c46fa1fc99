import CMessageValidator
import COnnxProtos
import InferenceCore

/// Turns the operators of an ONNX graph into those of the core, node by node in the file's order.
///
/// Each group of operators is an extension in a file of its own and adds its handlers to `handlers`.
struct OnnxImporter {
    typealias Handler = @Sendable (inout OnnxImporter, OnnxNode) throws -> Void

    static let handlers: [String: Handler] = [convolutions, activations, arithmetic, pooling, dense, rows, order, arrays, resampling, constants]
        .reduce(into: [:]) { $0.merge($1) { _, _ in preconditionFailure("an operator has two handlers") } }

    /// Version of the set of operators that the file was written for.
    let opset: Int
    var graph = Graph()
    /// Extents that the file declares for each input, nil where it leaves one open.
    private(set) var declaredInputs: [String: [Int?]] = [:]
    private var operands: [String: OnnxOperand] = [:]
    /// Products x * f(x) that the core has as one activation, by the name of their output.
    private(set) var gates: [String: OnnxGate] = [:]
    /// Layer normalisations that are written out, by the name of their output.
    private(set) var normalizations: [String: OnnxNormalization] = [:]
    /// How many more weights the graph may hold. Nodes can share a weight in the file that each then has a copy of, or spread one number
    /// over many channels.
    private(set) var weightBudget: Int

    /// Far more than any network has; they bound what a small file can make of itself.
    static let nodeLimit = 1 << 16, inputLimit = 64, extentLimit = 1 << 24

    init(opset: Int, fileSize: Int) {
        self.opset = opset
        weightBudget = fileSize + 1 << 22
    }

    mutating func run(_ file: UnsafeMutablePointer<Onnx__GraphProto>) throws -> Graph {
        let graphProto = file.pointee
        guard graphProto.n_node <= Self.nodeLimit, graphProto.n_initializer <= Self.nodeLimit, graphProto.n_output <= Self.inputLimit else {
            throw ModelFileError(.unsupported, "the model is too large: \(graphProto.n_node) nodes, \(graphProto.n_initializer) weights, "
                                 + "\(graphProto.n_output) outputs")
        }
        let outputs = repeated(graphProto.output, graphProto.n_output).compactMap { $0 }.map { text($0.pointee.name) }
        guard !outputs.isEmpty else { throw ModelFileError(.malformed, "the model has no output") }
        let nodes = try OnnxSchedule.neededNodes(repeated(graphProto.node, graphProto.n_node), outputs: outputs)
        let uses = OnnxUses(nodes, outputs: outputs)
        gates = try OnnxGate.find(in: nodes, uses)
        normalizations = OnnxNormalization.find(in: nodes, uses)
        let absorbed = Set(gates.values.flatMap(\.absorbed) + normalizations.values.flatMap(\.absorbed))

        for initializer in repeated(graphProto.initializer, graphProto.n_initializer) {
            guard let initializer else { continue }
            try define(text(initializer.pointee.name), .constant(OnnxTensor(initializer)))
        }
        try addInputs(repeated(graphProto.input, graphProto.n_input), nodes)
        for node in nodes where !absorbed.contains(node.outputs.first ?? "") {
            let handler = Self.handlers[node.operation]
            guard node.domain.isEmpty || node.domain == "ai.onnx", handler != nil || OnnxFolding.operations.contains(node.operation) else {
                throw node.error("this operator is not supported")
            }
            if try !fold(node) {
                guard let handler else { throw node.error("this operator is only supported for constants") }
                try handler(&self, node)
            }
            try node.finishAttributes()
        }
        for name in outputs { try addOutput(name) }
        return graph
    }

    // MARK: Names

    mutating func define(_ name: String, _ operand: OnnxOperand) throws(ModelFileError) {
        if operands.updateValue(operand, forKey: name) != nil {
            throw ModelFileError(.malformed, "two values are called '\(name)'")
        }
    }

    /// Defines the first output of `node`; fails if it has others that are not left out.
    mutating func define(_ node: OnnxNode, _ operand: OnnxOperand) throws(ModelFileError) {
        guard let name = node.outputs.first, !name.isEmpty else { throw node.error(.malformed, "it has no output") }
        if let extra = node.outputs.dropFirst().first(where: { !$0.isEmpty }) {
            throw node.error("its output '\(extra)' is not supported")
        }
        try define(name, operand)
    }

    /// Defines the first output of `node` as extents; as a constant if nothing of them depends on the input.
    mutating func define(_ node: OnnxNode, extents: [OnnxExtent], isScalar: Bool) throws(ModelFileError) {
        guard let numbers = extents.numbers else { return try define(node, .extents(extents)) }
        try define(node, .constant(OnnxTensor(integers: numbers, extents: isScalar ? [] : [numbers.count], name: node.outputs.first ?? node.name)))
    }

    /// Appends a core operation for `node` and defines its output.
    mutating func emit(_ operation: Operation, _ inputs: [OnnxValue], for node: OnnxNode, form: OnnxValue.Form) throws(ModelFileError) {
        try define(node, .value(insert(operation, inputs, for: node, form: form)))
    }

    /// Appends a core operation that is a part of what `node` does.
    mutating func insert(_ operation: Operation, _ inputs: [OnnxValue], for node: OnnxNode, form: OnnxValue.Form) throws(ModelFileError) -> OnnxValue {
        try spend(operation.weightCount, for: node)
        guard form.largestExtent <= Self.extentLimit, graph.nodes.count < 4 * Self.nodeLimit else { throw node.error("its result is too large") }
        return OnnxValue(core: graph.add(operation, inputs.map(\.core), name: node.name), form: form)
    }

    /// Counts weights that `node` makes or copies.
    mutating func spend(_ count: Int, for node: OnnxNode) throws(ModelFileError) {
        weightBudget -= count
        guard weightBudget >= 0 else { throw node.error("the weights take far more room than the file that they come from") }
    }

    /// What a name stands for, if it does for anything yet.
    func named(_ name: String) -> OnnxOperand? { operands[name] }

    func operand(_ node: OnnxNode, _ index: Int) throws(ModelFileError) -> OnnxOperand {
        guard let name = node.input(index) else { throw node.error(.malformed, "input \(index) is missing") }
        guard let operand = operands[name] else { throw node.error(.malformed, "input '\(name)' is not defined before it is used") }
        return operand
    }

    /// Input `index`, which has to depend on the network's input.
    func value(_ node: OnnxNode, _ index: Int = 0) throws(ModelFileError) -> OnnxValue {
        switch try operand(node, index) {
        case .value(let value): return value
        case .padded: throw node.error("its input '\(node.inputs[index])' is padded, which only a convolution supports")
        case .repeated: throw node.error("its input '\(node.inputs[index])' is an expanded constant, which only Concat supports")
        case .constant, .extents: throw node.error("input '\(node.inputs[index])' is a constant, expected a value")
        }
    }

    /// Input `index`, which has to be a constant.
    func constant(_ node: OnnxNode, _ index: Int) throws(ModelFileError) -> OnnxTensor {
        guard case .constant(let tensor) = try operand(node, index) else {
            throw node.error("input '\(node.inputs[index])' is not a constant")
        }
        return tensor
    }

    func optionalConstant(_ node: OnnxNode, _ index: Int) throws(ModelFileError) -> OnnxTensor? {
        node.input(index) == nil ? nil : try constant(node, index)
    }

    /// Weights of a node, with their extents checked; nil extents are free.
    func weights(_ node: OnnxNode, _ index: Int, extents: [Int]) throws(ModelFileError) -> [Float] {
        let tensor = try constant(node, index)
        guard tensor.extents == extents else {
            throw node.error(.mismatch, "input '\(tensor.name)' has shape \(Shape(tensor.extents)), expected \(Shape(extents))")
        }
        return try tensor.floats()
    }

    // MARK: Ends

    private mutating func addInputs(_ inputs: UnsafeBufferPointer<UnsafeMutablePointer<Onnx__ValueInfoProto>?>, _ nodes: [OnnxNode]) throws {
        let used = Set(nodes.flatMap(\.inputs))
        for case let input? in inputs {
            let name = text(input.pointee.name)
            // Before IR version 4 initializers are listed as inputs too; others may be left over from training.
            guard operands[name] == nil, used.contains(name) else { continue }
            guard graph.inputs.count < Self.inputLimit else {
                throw ModelFileError(.unsupported, "the model has more than \(Self.inputLimit) inputs")
            }
            let declared = try OnnxDeclaredShape(input)
            declaredInputs[name] = declared.extents
            let readers = nodes.filter { $0.inputs.contains(name) }
            let transposed = try declared.extents.count == 4
                && readers.allSatisfy { try $0.operation == "Transpose" && $0.ints("perm") == [0, 3, 1, 2] }
            let axis = transposed ? 3 : 1
            guard declared.extents.count == 4 || declared.extents.count == 2, let channels = declared.extents[axis], channels > 0 else {
                throw ModelFileError(.unsupported, "input '\(name)' has shape \(declared), "
                                     + "expected [n, c, h, w] or [n, features] with the second known")
            }
            let value = graph.addInput(name, channels: channels, rank: declared.extents.count)
            let form: OnnxValue.Form = declared.extents.count == 2 ? .row(features: channels, order: nil)
                : transposed ? .channelsLast(channels: channels, height: declared.extents[1], width: declared.extents[2])
                : .map(channels: channels, height: declared.extents[2], width: declared.extents[3])
            try define(name, .value(OnnxValue(core: value, form: form)))
        }
        guard !graph.inputs.isEmpty else { throw ModelFileError(.malformed, "the model's outputs do not depend on any input") }
    }

    private mutating func addOutput(_ name: String) throws(ModelFileError) {
        guard let operand = operands[name] else { throw ModelFileError(.malformed, "output '\(name)' is never computed") }
        guard case .value(let value) = operand else {
            if case .padded = operand { throw ModelFileError(.unsupported, "output '\(name)' is padded, which only a convolution supports") }
            throw ModelFileError(.unsupported, "output '\(name)' is a constant")
        }
        if case .row(_, .some) = value.form {
            throw ModelFileError(.unsupported, "output '\(name)' is a flattened map, whose order the core does not restore")
        }
        graph.addOutput(name, value.core)
    }
}
