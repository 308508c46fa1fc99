import InferenceCore
import MienNetworks
import OnnxWriting
import Testing

/// A network of the same make with small widths and random weights, so that a bare clone can check the numbers: windows of 64 samples with 8
/// before them. Expected are f64 results of NumPy, from `Scripts/reference/make_voice_activity.py`.
private enum Tiny {
    static func network(pool: WorkerPool = .shared) throws -> SileroVAD {
        try SileroVAD(from: Safetensors(path: Places.fixture("silero-tiny.safetensors")), pool: pool)
    }

    static func expected(_ name: String) throws -> [Float] {
        try Safetensors(path: Places.fixture("silero-tiny-expected.safetensors")).floats(named: name)
    }

    /// 600 windows of what the fixture has 41 of: more than are held at once.
    static func long() throws -> [Float] {
        let samples = try expected("samples")
        return (0..<600 * 64 + 17).map { samples[$0 % samples.count] * Float($0 % 1000) / 500 }
    }
}

@Suite struct SileroVADTests {
    @Test func agreesWithNumPyOnRandomWeights() throws {
        let network = try Tiny.network(), samples = try Tiny.expected("samples")
        #expect(network.windowLength == 64 && network.contextLength == 8)
        let wanted = try Tiny.expected("probabilities")
        #expect(samples.count % 64 != 0 && wanted.count == samples.count / 64 + 1)
        #expect(difference(try network.probabilities(of: samples), wanted) < 1e-5)
        var stream = SileroStream(network)
        _ = try stream.push(Array(samples[..<(samples.count / 64 * 64)]))
        #expect(difference(stream.state, try Tiny.expected("state")) < 1e-5)
        // The weights are drawn so that the answers tell something.
        #expect(wanted.max()! - wanted.min()! > 0.3)
    }

    @Test(.enabled(if: Places.reference("vad.safetensors") != nil && Places.sileroVAD != nil,
                   "needs the reference vectors (MIEN_SHARED) and Silero VAD (MIEN_TEST_SILERO_VAD or the model store)"))
    func agreesWithOnnxRuntimeOnTheRealWeights() throws {
        let network = try SileroVAD(from: OnnxWeights(path: #require(Places.sileroVAD)))
        let expected = try Safetensors(path: #require(Places.reference("vad.safetensors")))
        let samples = try expected.floats(named: "input.audio"), wanted = try expected.floats(named: "expected.prob")
        #expect(network.windowLength == 512 && network.contextLength == 64)
        #expect(difference(try network.probabilities(of: samples), wanted) < 1e-4)
        var stream = SileroStream(network)
        #expect(difference(try stream.push(Array(samples[..<512])), [wanted[0]]) < 1e-4)
        #expect(difference(stream.state, try expected.floats(named: "expected.state_after_first")) < 1e-4)
        _ = try stream.push(Array(samples[512...]))
        #expect(difference(stream.state, try expected.floats(named: "expected.state_final")) < 1e-4)
    }

    // MARK: Streams

    @Test func piecesOfAnyLengthGiveTheSameBits() throws {
        let network = try Tiny.network(), samples = try Tiny.long(), whole = try network.probabilities(of: samples)
        #expect(whole.count == 601)
        for length in [1, 7, 63, 64, 65, 127, 1000, 20_000] {
            var stream = SileroStream(network), pieces: [Float] = []
            for start in stride(from: 0, to: samples.count, by: length) {
                let before = start / 64, end = min(start + length, samples.count)
                let new = try stream.push(Array(samples[start..<end]))
                #expect(new.count == end / 64 - before, "as soon as a window is complete")
                pieces += new
            }
            #expect(pieces + stream.finish() == whole, "pieces of \(length)")
        }
    }

    @Test func threadsDoNotChangeTheBits() throws {
        let samples = try Tiny.long(), one = try Tiny.network(pool: WorkerPool(threads: 1)).probabilities(of: samples)
        for threads in [2, 3, 5] {
            #expect(try Tiny.network(pool: WorkerPool(threads: threads)).probabilities(of: samples) == one, "\(threads) threads")
        }
    }

    @Test func endAndResetForgetEverything() throws {
        let network = try Tiny.network(), samples = try Tiny.expected("samples"), fresh = try network.probabilities(of: samples)
        var stream = SileroStream(network)
        #expect(try stream.push(samples) + stream.finish() == fresh)
        #expect(try stream.push(samples) + stream.finish() == fresh)
        _ = try stream.push(Array(samples[..<100]))
        stream.reset()
        #expect(stream.state.allSatisfy { $0 == 0 })
        #expect(try stream.push(samples) + stream.finish() == fresh)
    }

    @Test func nothingGivesNothing() throws {
        var stream = SileroStream(try Tiny.network())
        #expect(try stream.push([]).isEmpty && stream.finish().isEmpty)
        #expect(try stream.push(Array(repeating: 0, count: 64)).count == 1)
        #expect(stream.finish().isEmpty, "no window has begun")
    }

    @Test func silenceAndClippingGiveProbabilities() throws {
        let network = try Tiny.network()
        for samples in [[Float](repeating: 0, count: 5000), (0..<5000).map { $0 % 90 < 45 ? 1 : -1 }, (0..<5000).map { $0 % 2 == 0 ? 65536 : -65536 }] {
            #expect(try network.probabilities(of: samples).allSatisfy { (0...1).contains($0) })
        }
    }

    @Test(arguments: [Float.nan, .signalingNaN, .infinity, -.infinity, 65537, -1e30])
    func refusesSamplesThatAreNone(bad: Float) throws {
        let network = try Tiny.network(), samples = try Tiny.expected("samples")
        var stream = SileroStream(network), untouched = stream
        var broken = samples
        broken[70] = bad
        let error = #expect(throws: InferenceError.self) { try stream.push(broken) }
        #expect(error?.message.hasPrefix("sample 70 is ") == true, "\(error?.message ?? "")")
        #expect(try stream.push(samples) == untouched.push(samples), "the stream is as it was")
    }

    // MARK: Files that do not hold the network

    private static func weights(changing: [String: [Int]?] = [:]) -> [UInt8] {
        var shapes = [
            "stft_conv.weight": [18, 1, 16], "conv1.weight": [2, 9, 3], "conv1.bias": [2], "conv2.weight": [3, 2, 3], "conv2.bias": [3], "conv3.weight": [4, 3, 3],
            "conv3.bias": [4], "conv4.weight": [5, 4, 3], "conv4.bias": [5], "lstm_cell.weight_ih": [24, 5], "lstm_cell.weight_hh": [24, 6],
            "lstm_cell.bias_ih": [24], "lstm_cell.bias_hh": [24], "final_conv.weight": [1, 6, 1], "final_conv.bias": [1],
        ]
        for (name, shape) in changing { shapes[name] = shape }
        var entries: [String] = [], end = 0
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            let size = shape.reduce(4, *)
            entries.append(#""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(end),\#(end + size)]}"#)
            end += size
        }
        return safetensorsBytes("{" + entries.joined(separator: ",") + "}", data: end)
    }

    @Test func anyWidthsThatFollowFromOneAnotherAreAccepted() throws {
        let network = try SileroVAD(from: Safetensors(file(Self.weights())))
        #expect(network.windowLength == 32 && network.contextLength == 4)
        #expect(try network.probabilities(of: [0.5, 0.25]).count == 1)
    }

    /// The same weights under the names of the ONNX export.
    private static func exported(except missing: String? = nil, repeating: String? = nil) throws -> [UInt8] {
        let tiny = try Safetensors(path: Places.fixture("silero-tiny.safetensors"))
        let names = ["stft_conv.weight": "stft.forward_basis_buffer", "final_conv.weight": "decoder.decoder.2.weight", "final_conv.bias": "decoder.decoder.2.bias"]
        let layers = ["conv1": "encoder.0.reparam_conv", "conv2": "encoder.1.reparam_conv", "conv3": "encoder.2.reparam_conv", "conv4": "encoder.3.reparam_conv",
                      "lstm_cell": "decoder.rnn"]
        let graph = try ProtoBytes.made { graph in
            for name in tiny.names where name != missing {
                let parts = name.split(separator: ".").map(String.init), tensor = try tiny.tensor(named: name)
                let exported = "model." + (names[name] ?? "\(layers[parts[0]]!).\(parts[1])")
                let message = ProtoBytes.made { proto in
                    for extent in tensor.shape.extents { proto.integer(1, UInt64(extent)) }
                    proto.integer(2, 1)
                    proto.text(8, exported)
                    proto.data(9, tensor.withBytes(Array.init))
                }
                for _ in 0..<(name == repeating ? 2 : 1) { graph.data(5, message) }
            }
        }
        return ProtoBytes.made { $0.data(7, graph) }
    }

    @Test func theNamesOfTheExportAreKnown() throws {
        let samples = try Tiny.expected("samples")
        let network = try SileroVAD(from: OnnxWeights(file(Self.exported())))
        #expect(try network.probabilities(of: samples) == Tiny.network().probabilities(of: samples))
        let missing = try #require(throws: ModelFileError.self) { try SileroVAD(from: OnnxWeights(file(Self.exported(except: "conv2.bias")))) }
        #expect(missing == ModelFileError(.missing, "there is no tensor 'model.encoder.1.reparam_conv.bias'"))
        let twice = try #require(throws: ModelFileError.self) { try OnnxWeights(file(Self.exported(repeating: "conv2.bias"))) }
        #expect(twice.reason == "there are two tensors 'model.encoder.1.reparam_conv.bias'")
        let cut = try #require(throws: ModelFileError.self) { try OnnxWeights(file(Array(Self.exported().dropLast(9)))) }
        #expect(cut.kind == .malformed)
    }

    @Test(arguments: [
        ("conv3.bias", nil, "there is no tensor 'conv3.bias'"), ("conv2.weight", [3, 3, 3], "tensor 'conv2.weight' has shape [3, 3, 3], expected [?, 2, 3]"),
        ("conv4.weight", [0, 4, 3], "tensor 'conv4.weight' has shape [0, 4, 3], expected [?, 4, 3]"),
        ("conv1.bias", [3], "tensor 'conv1.bias' has shape [3], expected [2]"), ("lstm_cell.weight_ih", [25, 5], "25 rows of weight_ih are not four gates"),
        ("lstm_cell.weight_hh", [24, 5], "expected [24, 6]"), ("stft_conv.weight", [18, 1, 15], "15 samples are no length"),
        ("stft_conv.weight", [18, 1, 0], "0 samples are no length"), ("stft_conv.weight", [1, 1, 8192], "8192 samples are no length"),
        ("stft_conv.weight", [], "no length"), ("stft_conv.weight", [16, 1, 16], "expected [18, 1, 16]"), ("final_conv.weight", [6], "expected [1, 6, 1]"),
        ("conv5.weight", [1], "tensor 'conv5.weight' is not part of this network"),
    ] as [(String, [Int]?, String)])
    func namesTheTensorThatIsWrong(name: String, shape: [Int]?, reason: String) throws {
        let error = try #require(throws: ModelFileError.self) { try SileroVAD(from: Safetensors(file(Self.weights(changing: [name: shape])))) }
        #expect(error.reason.contains(reason), "\(error.reason)")
    }
}
