import CPluginABI
import InferenceCore

/// A network that a plugin runs on the core.
final class LibraryNetwork: Sendable {
    private let graph: CompiledGraph

    /// Most elements of a tensor, and the largest of its extents.
    static let elementLimit = 1 << 28, extentLimit = 1 << 24

    /// - Throws: `InferenceError`.
    init(_ graph: Graph) throws(InferenceError) { self.graph = try CompiledGraph(graph) }

    func input(_ name: String) throws(Refusal) -> Int { try place(name, graph.inputNames, "input") }
    func output(_ name: String) throws(Refusal) -> Int { try place(name, graph.outputNames, "output") }

    private func place(_ name: String, _ names: [String], _ what: String) throws(Refusal) -> Int {
        guard let index = names.firstIndex(of: name) else { throw Refusal(MIEN_NOT_FOUND, "no \(what) has that name; there are: \(names.joined(separator: ", "))") }
        return index
    }

    /// Runs it on a plugin's tensors, and fills in its results.
    func run(_ inputs: UnsafeBufferPointer<mien_tensor>, to outputs: UnsafeMutableBufferPointer<mien_tensor>, _ question: LibraryQuestion) throws(Refusal) {
        let (inputCount, outputCount) = (graph.inputNames.count, graph.outputNames.count)
        guard inputs.count == inputCount, outputs.count == outputCount else {
            throw .invalid("the network has \(inputCount) inputs and \(outputCount) outputs, and was given \(inputs.count) and \(outputs.count)")
        }
        var tensors: [Tensor] = []
        for (index, input) in inputs.enumerated() { tensors.append(try Tensor(copying: input, "inputs[\(index)]")) }
        let results: [Tensor], tooLarge: Shape?
        do throws(InferenceError) {
            let shapes = try graph.outputShapes(for: tensors.map(\.shape))
            // Nothing is computed in vain.
            tooLarge = shapes.first { $0.rank > 8 || $0.count > Self.elementLimit }
            results = tooLarge == nil ? try graph.run(tensors) : []
        } catch {
            throw .failed("\(error)")
        }
        if let tooLarge { throw .tooMuch("a result has shape \(tooLarge)") }
        for (index, result) in results.enumerated() {
            let memory = try question.scratch(max(result.count, 1) * MemoryLayout<Float>.stride).bindMemory(to: Float.self, capacity: max(result.count, 1))
            result.withUnsafeBufferPointer { memory.update(from: $0.baseAddress!, count: $0.count) }
            outputs[index] = mien_tensor(memory, result.shape)
        }
    }

    /// A network of one convolution.
    convenience init(_ convolution: mien_convolution) throws(Refusal) {
        let (height, width) = (Int(convolution.height), Int(convolution.width)), dilation = Int(convolution.dilation)
        let small: ClosedRange<UInt32> = 1...64, channels: ClosedRange<UInt32> = 1...65536
        guard [convolution.height, convolution.width, convolution.stride_y, convolution.stride_x, convolution.dilation].allSatisfy(small.contains) else {
            throw .invalid("extents of the window, strides and dilation are from 1 to 64")
        }
        guard channels.contains(convolution.input_channels), channels.contains(convolution.output_channels), convolution.groups > 0,
              convolution.input_channels % convolution.groups == 0, convolution.output_channels % convolution.groups == 0 else {
            throw .invalid("\(convolution.input_channels) input and \(convolution.output_channels) output channels in \(convolution.groups) groups")
        }
        guard max(convolution.top, convolution.bottom) <= (height - 1) * dilation, max(convolution.left, convolution.right) <= (width - 1) * dilation else {
            throw .invalid("there is more padding than the window reaches")
        }
        let (inputs, outputs) = (Int(convolution.input_channels), Int(convolution.output_channels))
        let count = outputs * (inputs / Int(convolution.groups)) * height * width
        guard count <= Self.elementLimit else { throw .tooMuch("\(count) weights; at most \(Self.elementLimit) are taken") }
        let window = Window(height: height, width: width, strideY: Int(convolution.stride_y), strideX: Int(convolution.stride_x), dilation: dilation,
                            padding: .explicit(top: Int(convolution.top), left: Int(convolution.left), bottom: Int(convolution.bottom), right: Int(convolution.right)))
        let weights = try [Float](finite: convolution.weights, count: count, "weights")
        let bias = convolution.bias == nil ? nil : try [Float](finite: convolution.bias, count: outputs, "bias")
        var graph = Graph()
        let x = graph.addInput("x", channels: inputs)
        let operation = Operation.convolution(Convolution(window: window, inputChannels: inputs, outputChannels: outputs, groups: Int(convolution.groups), weights: weights, bias: bias))
        graph.addOutput("y", graph.add(operation, x, name: "convolution"))
        do throws(InferenceError) { try self.init(graph) } catch { throw .invalid("\(error)") }
    }
}

/// Weights of a plugin, packed, and working memory for their products.
struct PackedLinear: Sendable {
    private let linear: Linear
    private let workspace: Workspace

    init(_ weights: UnsafePointer<Float>?, _ bias: UnsafePointer<Float>?, outputs: Int, inputs: Int, _ precision: Precision) throws(Refusal) {
        let processor = Processor(precision: precision)
        let (count, overflows) = outputs.multipliedReportingOverflow(by: inputs)
        guard outputs > 0, inputs > 0 else { throw .invalid("\(outputs) outputs of \(inputs) inputs") }
        guard !overflows, count <= LibraryNetwork.elementLimit, inputs <= processor.mostInputs else { throw .tooMuch("\(outputs) outputs of \(inputs) inputs") }
        let weights = try [Float](finite: weights, count: count, "weights"), bias = bias == nil ? nil : try [Float](finite: bias, count: outputs, "bias")
        linear = Linear(weights: weights, bias: bias, outputs: outputs, on: processor)
        workspace = Workspace(on: processor)
    }

    func multiply(_ x: UnsafePointer<Float>?, rows: Int, to y: UnsafeMutablePointer<Float>?) throws(Refusal) {
        guard rows >= 0, rows <= LibraryNetwork.elementLimit / max(linear.inputs, linear.outputs) else { throw .tooMuch("\(rows) rows") }
        guard rows > 0 else { return }
        let x = try UnsafePointer.lent(x, "x"), y = try UnsafeMutablePointer.lent(y, "y")
        workspace.run(count: 0, scratch: linear.scratchCount) { machine, _ in linear.run(rows, x, to: y, on: machine) }
    }
}

extension Array<Float> {
    /// A copy of a plugin's numbers.
    fileprivate init(finite start: UnsafePointer<Float>?, count: Int, _ what: String) throws(Refusal) {
        self.init(UnsafeBufferPointer(start: try .lent(start, what), count: count))
        guard allSatisfy(\.isFinite) else { throw .invalid("\(what) are not all finite") }
    }
}

extension Tensor {
    fileprivate init(copying tensor: mien_tensor, _ what: String) throws(Refusal) {
        guard (1...8).contains(tensor.rank) else { throw .invalid("\(what) has rank \(tensor.rank)") }
        let extents = withUnsafeBytes(of: tensor.extents) { Array($0.bindMemory(to: Int.self).prefix(Int(tensor.rank))) }
        guard extents.allSatisfy({ (1...LibraryNetwork.extentLimit).contains($0) }),
              let count = extents.reduce(1, { product, extent in product.flatMap { $0 <= LibraryNetwork.elementLimit / extent ? $0 * extent : nil } }) else {
            throw .tooMuch("\(what) has extents \(extents)")
        }
        let values = try UnsafePointer.lent(UnsafePointer(tensor.values), "\(what).values")
        self.init(uninitialized: Shape(extents))
        withUnsafeMutableBufferPointer { $0.baseAddress!.update(from: values, count: count) }
    }
}

extension mien_tensor {
    fileprivate init(_ values: UnsafeMutablePointer<Float>, _ shape: Shape) {
        self.init()
        self.values = values
        rank = UInt32(shape.rank)
        withUnsafeMutableBytes(of: &extents) { bytes in
            let extents = bytes.bindMemory(to: Int.self)
            for (axis, extent) in shape.extents.enumerated() { extents[axis] = extent }
        }
    }
}
