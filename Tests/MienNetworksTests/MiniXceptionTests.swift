import InferenceCore
import MienNetworks
import Testing

/// The network against float64 results of the same weights.
@Suite struct MiniXceptionTests {
    static let expected = Places.reference("fer_expected.safetensors")

    @Test(.enabled(if: expected != nil && Places.miniXception != nil,
                   "needs the reference vectors (MIEN_SHARED) and the converted weights (MIEN_TEST_MINI_XCEPTION or the model store)"),
          arguments: instructionSets)
    func agreesWithTheReference(on instructionSet: String) throws {
        let expected = try Safetensors(path: #require(Self.expected))
        let graph = try MiniXception.graph(from: Safetensors(path: #require(Places.miniXception)))
        // [3, 1, 64, 64] and [3, 64, 64, 1] are the same in memory.
        let pictures = Tensor(shape: [3, 64, 64, 1], values: try expected.floats(named: "input.normalised"))
        let results = try run(graph, [MiniXception.inputName: pictures], on: instructionSet)
        let probabilities = try #require(results[MiniXception.probabilitiesName])
        #expect(probabilities.shape == [3, 7])
        #expect(difference(probabilities.values, try expected.floats(named: "expected.softmax")) < 5e-6)
        #expect(difference(try #require(results[MiniXception.logitsName]).values, try expected.floats(named: "expected.logits")) < 5e-5)
    }

    // MARK: Files that do not hold the network

    /// A file of tiny weights with the network's names: widths 1 throughout.
    private static func weights(except missing: String? = nil, changing: [String: [Int]] = [:], adding extra: String? = nil) -> [UInt8] {
        var shapes: [String: [Int]] = [:]
        func convolution(_ number: Int, _ extents: [Int]) { shapes["conv2d_\(number)/conv2d_\(number)_1/kernel:0"] = extents }
        convolution(1, [3, 3, 1, 2])
        convolution(2, [3, 3, 2, 2])
        for number in 3...6 { convolution(number, [1, 1, 2, 2]) }
        convolution(7, [3, 3, 2, 7])
        shapes["conv2d_7/conv2d_7_1/bias:0"] = [7]
        for number in 1...8 {
            shapes["separable_conv2d_\(number)/x/depthwise_kernel:0"] = [3, 3, 2, 1]
            shapes["separable_conv2d_\(number)/x/pointwise_kernel:0"] = [1, 1, 2, 2]
        }
        for number in 1...14 {
            for kind in ["gamma", "beta", "moving_mean", "moving_variance"] { shapes["batch_normalization_\(number)/x/\(kind):0"] = [2] }
        }
        shapes.merge(changing) { $1 }
        if let missing { shapes[missing] = nil }
        if let extra { shapes[extra] = [1] }
        var entries: [String] = [], end = 0
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            let size = shape.reduce(4, *)
            entries.append(#""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(end),\#(end + size)]}"#)
            end += size
        }
        return safetensorsBytes("{" + entries.joined(separator: ",") + "}", data: end)
    }

    private func failure(_ bytes: [UInt8]) throws -> ModelFileError {
        try #require(throws: ModelFileError.self) { try MiniXception.graph(from: Safetensors(file(bytes))) }
    }

    @Test func anyWidthsThatFollowFromOneAnotherAreAccepted() throws {
        let graph = try MiniXception.graph(from: Safetensors(file(Self.weights())))
        #expect(graph.inputs.map(\.name) == [MiniXception.inputName])
        #expect(graph.outputs.map(\.name) == [MiniXception.logitsName, MiniXception.probabilitiesName])
    }

    @Test func namesTheMissingLayer() throws {
        #expect(try failure(Self.weights(except: "conv2d_5/conv2d_5_1/kernel:0")) == ModelFileError(.missing, "layer 'conv2d_5' has no kernel"))
        #expect(try failure(Self.weights(except: "batch_normalization_9/x/moving_mean:0")).reason == "layer 'batch_normalization_9' has no moving_mean")
    }

    @Test func namesTheShapeThatDoesNotFit() throws {
        let error = try failure(Self.weights(changing: ["conv2d_7/conv2d_7_1/kernel:0": [3, 3, 2, 8]]))
        #expect(error == ModelFileError(.mismatch, "kernel of layer 'conv2d_7' has shape [3, 3, 2, 8], expected [3, 3, 2, 7]"))
        let wide = try failure(Self.weights(changing: ["separable_conv2d_2/x/pointwise_kernel:0": [1, 1, 2, 3]]))
        #expect(wide.reason.contains("batch_normalization_5"))
    }

    @Test func refusesOtherNetworks() throws {
        #expect(try failure(Self.weights(adding: "conv2d_8/x/kernel:0")).reason == "tensor 'conv2d_8/x/kernel:0' is not part of this network")
        #expect(try failure(Self.weights(adding: "model.weight")).kind == .unsupported)
        #expect(try failure(Self.weights(adding: "conv2d_7/y/bias:0")).kind == .mismatch)
    }
}
