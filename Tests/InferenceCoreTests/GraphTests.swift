import CInferenceKernels
import Testing

@testable import InferenceCore

/// Bound for whole graphs of a few layers on inputs and weights of about 1: float rounding of sums of at most some hundred terms.
private let bound: Float = 2e-4

@Suite("Compiled graphs")
struct GraphTests {
    static func convolution(_ random: inout Random, _ inputs: Int, _ outputs: Int, size: Int = 1, stride: Int = 1, groups: Int = 1, dilation: Int = 1, padding: Padding = .same) -> Operation {
        let count = outputs * (inputs / groups) * size * size, limit = 1 / Float(inputs / groups * size * size).squareRoot()
        return .convolution(Convolution(
            window: Window(height: size, width: size, strideY: stride, strideX: stride, dilation: dilation, padding: padding), inputChannels: inputs,
            outputChannels: outputs, groups: groups, weights: random.values(count, in: -limit...limit), bias: random.values(outputs)))
    }

    /// A network with every kind of fusion: batch normalisation, residuals before and after activations, blocks with and without
    /// expansion, transposed convolution, several heads.
    static func network(_ random: inout Random, channels c: Int, expansion: Int = 3) -> Graph {
        var graph = Graph()
        let input = graph.addInput("picture", channels: 3)
        func scale(_ channels: Int) -> Operation { .scaleShift(scale: random.values(channels, in: 0.5...1.5), shift: random.values(channels)) }
        var x = graph.add(convolution(&random, 3, c, size: 3, stride: 2), input, name: "stem")
        x = graph.add(scale(c), x, name: "stem/bn")
        x = graph.add(.activation(.relu), x, name: "stem/relu")
        for index in 0..<2 {
            let shortcut = x
            x = graph.add(convolution(&random, c, c * expansion), x, name: "expand\(index)")
            x = graph.add(.activation(.clip(0, 6)), x, name: "expand\(index)/relu6")
            x = graph.add(convolution(&random, c * expansion, c * expansion, size: index == 0 ? 3 : 5, groups: c * expansion), x, name: "depthwise\(index)")
            x = graph.add(.activation(index == 0 ? .relu : .hardSwish), x, name: "depthwise\(index)/act")
            x = graph.add(convolution(&random, c * expansion, c), x, name: "project\(index)")
            x = graph.add(.add, x, shortcut, name: "sum\(index)")
        }
        let skip = x
        x = graph.add(convolution(&random, c, c, size: 3, stride: 2, groups: c), x, name: "separable/depthwise")
        x = graph.add(convolution(&random, c, c + 1), x, name: "separable/pointwise")
        x = graph.add(.activation(.silu), x, name: "separable/silu")
        let weights = random.values((c + 1) * c * 4, in: -0.5...0.5)
        x = graph.add(.transposedConvolution(TransposedConvolution(factor: 2, inputChannels: c + 1, outputChannels: c, weights: weights, bias: nil)), x, name: "up")
        x = graph.add(scale(c), x, name: "up/bn")
        x = graph.add(.activation(.relu), x, name: "up/relu")
        var lateral = graph.add(convolution(&random, c, c), skip, name: "lateral")
        lateral = graph.add(.activation(.relu), lateral, name: "lateral/relu")
        x = graph.add(.add, x, lateral, name: "merge")
        let before = x
        x = graph.add(convolution(&random, c, c, size: 3), x, name: "neck")
        x = graph.add(.add, before, x, name: "neck/sum")
        x = graph.add(.activation(.relu), x, name: "neck/relu")
        graph.addOutput("score", graph.add(.activation(.sigmoid), graph.add(convolution(&random, c, 1), x, name: "score"), name: "score/sigmoid"))
        graph.addOutput("offset", graph.add(convolution(&random, c, 2), x, name: "offset"))
        graph.addOutput("features", x)
        var y = graph.add(.globalAveragePool, x, name: "mean")
        y = graph.add(.linear(weights: random.values(5 * c), bias: random.values(5), outputs: 5), y, name: "linear")
        graph.addOutput("classes", graph.add(.softmax, y, name: "softmax"))
        return graph
    }

    @Test("A network with every fusion gives what plain double-precision loops give", arguments: tableNames, [1, 7, 8, 17])
    func matchesNaive(isa: String, channels: Int) throws {
        var random = Random(channels)
        let graph = Self.network(&random, channels: channels)
        // Even after the stem, so that the up-sampled and lateral pictures agree.
        let input = random.tensor([2, 20, 28, 3])
        let wanted = NaiveGraph(graph: graph).run([input])
        for fuses in [true, false] {
            let compiled = try CompiledGraph(graph, options: .init(fuses: fuses), pool: .shared, kernels: table(isa))
            let got = try compiled.run([input])
            for (index, values) in wanted.enumerated() {
                #expect(largestError(got[index].values, values) < bound, "\(isa), fuses \(fuses), output \(index)")
            }
        }
    }

    @Test("One thread and several give the same bits", arguments: [true, false])
    func threadsAgree(fuses: Bool) throws {
        var random = Random(1)
        let graph = Self.network(&random, channels: 24, expansion: 6)
        let input = random.tensor([1, 136, 168, 3])
        let pool = WorkerPool(threads: 4)
        let one = try CompiledGraph(graph, options: .init(fuses: fuses, threads: 1), pool: pool).run([input])
        for threads in [2, 3, 4] {
            #expect(sameBits(one, try CompiledGraph(graph, options: .init(fuses: fuses, threads: threads), pool: pool).run([input])))
        }
    }

    @Test("A picture's result does not depend on what else is in the batch")
    func batchIndependence() throws {
        var random = Random(2)
        let graph = Self.network(&random, channels: 9)
        let compiled = try CompiledGraph(graph)
        let pictures = (0..<3).map { _ in random.tensor([1, 36, 44, 3]) }
        let together = try compiled.run([Tensor(shape: [3, 36, 44, 3], values: pictures.flatMap(\.values))])
        for (index, picture) in pictures.enumerated() {
            for (output, whole) in zip(try compiled.run([picture]), together) {
                let part = whole.values[index * output.count..<(index + 1) * output.count]
                #expect(zip(output.values, part).allSatisfy { $0.bitPattern == $1.bitPattern })
            }
        }
    }

    @Test("Runs at the same time, with different shapes, do not disturb each other")
    func concurrentRuns() async throws {
        var random = Random(3)
        let graph = Self.network(&random, channels: 8)
        let compiled = try CompiledGraph(graph)
        let inputs = [random.tensor([1, 24, 32, 3]), random.tensor([2, 40, 24, 3]), random.tensor([1, 64, 64, 3])]
        let alone = try inputs.map { try compiled.run([$0]) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<24 {
                group.addTask { sameBits(try compiled.run([inputs[index % 3]]), alone[index % 3]) }
            }
            for try await same in group { #expect(same) }
        }
    }

    @Test("Each operation alone, over random windows and odd channels", arguments: tableNames)
    func operations(isa: String) throws {
        let kernels = table(isa)
        for seed in 0..<60 {
            var random = Random(seed)
            let channels = random.extent(kernels.lanes, upTo: 40), outputs = random.extent(kernels.lanes, upTo: 40)
            let size = Int.random(in: 1...5, using: &random), stride = Int.random(in: 1...3, using: &random), dilation = seed % 5 == 0 ? 2 : 1
            let paddings: [Padding] = [.same, .explicit(top: 0, left: 0, bottom: 0, right: 0), .explicit(top: 1, left: 0, bottom: 2, right: 1)]
            let window = Window(height: size, width: max(1, size - seed % 2), strideY: stride, strideX: max(1, stride - seed % 3 / 2), dilation: dilation, padding: paddings[seed % 3])
            let operations: [Operation] = [
                Self.convolution(&random, channels, outputs, size: size, stride: stride, dilation: dilation, padding: paddings[seed % 3]),
                Self.convolution(&random, channels, channels, size: size, stride: stride, groups: channels, dilation: dilation, padding: paddings[seed % 3]),
                Self.convolution(&random, 6, 9, size: size, groups: 3),
                .maxPool(window), .averagePool(window, countsPadding: seed % 2 == 0), .globalAveragePool, .softmax, .flatten,
                .upsample(factor: Int.random(in: 1...3, using: &random), bilinear: seed % 2 == 0),
                .linear(weights: random.values(outputs * channels), bias: nil, outputs: outputs),
                .parametricRelu(slopes: random.values(channels)), .resize(height: Int.random(in: 1...30, using: &random), width: 9),
                .layerNormalization(scale: random.values(channels), shift: random.values(channels), epsilon: 1e-3),
                .activation([.relu, .clip(-0.3, 0.4), .leakyRelu(0.1), .sigmoid, .hardSwish, .silu, .tanh, .gelu, .geluTanh][seed % 9]),
            ]
            let height = Int.random(in: 10...17, using: &random), width = Int.random(in: 10...17, using: &random)
            for (index, operation) in operations.enumerated() {
                var graph = Graph()
                let inputChannels = index == 2 ? 6 : channels
                let input = graph.addInput("x", channels: inputChannels)
                graph.addOutput("y", graph.add(operation, input, name: "node"))
                let x = random.tensor([2, height, width, inputChannels], in: -3...3)
                let got = try CompiledGraph(graph, options: .init(), pool: .shared, kernels: kernels).run([x])
                #expect(largestError(got[0].values, NaiveGraph(graph: graph).run([x])[0]) < bound, "\(isa) seed \(seed) operation \(index)")
            }
        }
    }

    @Test("Arrays of any rank: reshape, permute, slice, products of values, and channels scaled by values", arguments: tableNames)
    func arrays(isa: String) throws {
        let kernels = table(isa)
        for seed in 0..<40 {
            var random = Random(seed)
            let heads = Int.random(in: 1...3, using: &random), width = random.extent(kernels.lanes, upTo: 40), keys = Int.random(in: 1...50, using: &random)
            var graph = Graph()
            let input = graph.addInput("x", channels: heads * width)
            // [n, h, w, heads * width] as [heads, n, h * w, width], attending to the first `keys` pixels.
            var x = graph.add(.reshape([nil, 50, heads, width]), input, name: "cut")
            x = graph.add(.permute(axes: seed % 2 == 0 ? [2, 0, 1, 3] : [0, 2, 1, 3]), x, name: "heads first")
            let some = graph.add(.slice(axis: 2, start: 50 - keys, count: keys), x, name: "keys")
            let turned = graph.add(.permute(axes: [0, 1, 3, 2]), some, name: "keys turned")
            let scores = graph.add(.softmax, graph.add(.matrixProduct, x, turned, name: "scores"), name: "softmax")
            let result = graph.add(.matrixProduct, scores, some, name: "result")
            graph.addOutput("result", result)
            graph.addOutput("rows", graph.add(.reshape([nil, width]), result, name: "rows"))
            graph.addOutput("some", graph.add(.slice(axis: 3, start: width / 3, count: width - width / 3), result, name: "columns"))
            graph.addOutput("repeated", graph.add(.repeated(random.values(6), extents: [2, 3]), input, name: "repeated"))
            let factors = graph.add(.globalAveragePool, input, name: "mean")
            graph.addOutput("scaled", graph.add(.scaleChannels, input, factors, name: "scaled"))
            let picture = random.tensor([2, 5, 10, heads * width], in: -2...2)
            let got = try CompiledGraph(graph, options: .init(), pool: .shared, kernels: kernels).run([picture])
            for (tensor, wanted) in zip(got, NaiveGraph(graph: graph).run([picture])) {
                #expect(largestError(tensor.values, wanted) < bound, "\(isa) seed \(seed)")
            }
        }
    }

    @Test("Operations on arrays refuse shapes that do not fit")
    func badArrays() throws {
        let operations: [Operation] = [
            .reshape([nil, 7]), .reshape([nil, nil]), .reshape([0, nil]), .reshape([1 << 40, 1 << 40, nil]), .reshape([5]), .permute(axes: [0, 1, 2]),
            .permute(axes: [0, 1, 1, 3]), .slice(axis: 4, start: 0, count: 1), .slice(axis: 1, start: 3, count: 2), .slice(axis: 1, start: -1, count: 1),
            .repeated([1, 2, 3], extents: [2]), .resize(height: 0, width: 4), .parametricRelu(slopes: [1, 2]), .layerNormalization(scale: [1], shift: [1], epsilon: 0),
        ]
        for operation in operations {
            var graph = Graph()
            graph.addOutput("y", graph.add(operation, graph.addInput("x", channels: 3), name: "node"))
            let error = #expect(throws: InferenceError.self) { try CompiledGraph(graph).run([Tensor(shape: [2, 4, 4, 3])]) }
            #expect(error?.node == "node")
        }
        for (operation, second) in [(Operation.scaleChannels, Shape([2, 4])), (.matrixProduct, [2, 3])] {
            var graph = Graph()
            let x = graph.addInput("x", channels: 3), y = graph.addInput("y", channels: second[1], rank: 2)
            graph.addOutput("z", graph.add(operation, x, y, name: "node"))
            #expect(throws: InferenceError.self) { try CompiledGraph(graph).run([Tensor(shape: [2, 4, 4, 3]), Tensor(shape: second)]) }
        }
    }

    @Test("Joining, adding and multiplying values, and outputs that are inputs or used twice")
    func sharedValues() throws {
        var random = Random(4)
        var graph = Graph()
        let a = graph.addInput("a", channels: 5), b = graph.addInput("b", channels: 5)
        let sum = graph.add(.add, a, b, name: "sum"), product = graph.add(.multiply, sum, a, name: "product")
        let joined = graph.add(.concatenate, sum, product, b, name: "joined")
        let flat = graph.add(.flatten, joined, name: "flat")
        for (name, value) in [("joined", joined), ("flat", flat), ("again", joined), ("input", a)] { graph.addOutput(name, value) }
        let inputs = [random.tensor([2, 3, 4, 5]), random.tensor([2, 3, 4, 5])]
        let got = try CompiledGraph(graph).run(inputs), wanted = NaiveGraph(graph: graph).run(inputs)
        for (tensor, values) in zip(got, wanted) { #expect(largestError(tensor.values, values) < 1e-6) }
        #expect(got[1].shape == [2, 180])
    }

    @Test("Shapes that do not fit are errors that name the node or the input")
    func badShapes() throws {
        var random = Random(5)
        var graph = Graph()
        let input = graph.addInput("picture", channels: 3)
        graph.addOutput("y", graph.add(Self.convolution(&random, 3, 4, size: 5, padding: .explicit(top: 0, left: 0, bottom: 0, right: 0)), input, name: "first"))
        let compiled = try CompiledGraph(graph)
        #expect(throws: InferenceError.self) { try compiled.run([]) }
        for shape: Shape in [[1, 8, 8, 4], [8, 8, 3], [1, 4, 8, 3], [1, 0, 0, 3]] {
            let error = #expect(throws: InferenceError.self) { try compiled.run([Tensor(shape: shape)]) }
            #expect(error?.node == "picture" || error?.node == "first")
        }
        #expect(throws: InferenceError.self) { try compiled.outputShapes(for: [[1 << 20, 1 << 20, 1 << 20, 3]]) }
        #expect(try compiled.run([Tensor(shape: [0, 8, 8, 3])])[0].shape == [0, 4, 4, 4])

        var mismatched = Graph()
        let x = mismatched.addInput("x", channels: 3)
        mismatched.addOutput("y", mismatched.add(.add, x, mismatched.add(Self.convolution(&random, 3, 4), x, name: "c"), name: "sum"))
        let error = #expect(throws: InferenceError.self) { try CompiledGraph(mismatched).run([Tensor(shape: [1, 4, 4, 3])]) }
        #expect(error?.node == "c+sum")

        var wrong = Graph()
        let y = wrong.addInput("y", channels: 3)
        wrong.addOutput("z", wrong.add(.scaleShift(scale: [1, 2], shift: [1]), y, name: "bn"))
        #expect(throws: InferenceError.self) { try CompiledGraph(wrong) }
    }

    @Test("NaN in a picture reaches the result, and only where the window sees it")
    func notANumber() throws {
        var random = Random(6)
        var graph = Graph()
        let input = graph.addInput("x", channels: 2)
        let y = graph.add(Self.convolution(&random, 2, 11, size: 3), input, name: "c")
        graph.addOutput("y", graph.add(.activation(.relu), y, name: "r"))
        var x = random.tensor([1, 9, 9, 2])
        x.withUnsafeMutableBufferPointer { $0[(4 * 9 + 4) * 2] = .nan }
        for kernels in tables {
            let values = try CompiledGraph(graph, options: .init(), pool: .shared, kernels: kernels).run([x])[0].values
            for pixel in 0..<81 {
                let sees = (3...5).contains(pixel / 9) && (3...5).contains(pixel % 9)
                #expect(values[pixel * 11..<pixel * 11 + 11].allSatisfy { $0.isNaN == sees })
            }
        }
    }
}
