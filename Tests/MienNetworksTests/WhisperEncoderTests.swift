import CInferenceKernels
@testable import InferenceCore
import MienNetworks
import Testing

/// The encoder against float64 results of the same weights.
@Suite struct WhisperEncoderTests {
    static let shrunk = Places.reference("whisper_shrunk.safetensors")

    private static func processor(
        _ instructionSet: String, threads: Int = .max, precision: Precision = .f32, pool: WorkerPool = .shared
    ) throws -> Processor {
        let index = try #require(instructionSets.firstIndex(of: instructionSet))
        return Processor(kernels: mien_available_kernels(index).pointee, threads: threads, precision: precision, pool: pool)
    }

    private static func fixture(_ name: String) throws -> Safetensors { try Safetensors(path: Places.fixture("whisper/\(name).safetensors")) }

    // MARK: Numbers

    /// Random weights, two heads of 16. Bound: 30 times what PyTorch's own f32 loses in such a network.
    @Test(arguments: instructionSets)
    func agreesWithNumPy(on instructionSet: String) throws {
        let expected = try Self.fixture("expected"), mel = try expected.coreTensor("mel")
        let encoder = try WhisperEncoder(Self.fixture("encoder"), configuration: WhisperConfiguration(
            width: 32, layers: 2, heads: 2, hidden: 56, mels: 16, positions: 24), on: Self.processor(instructionSet))
        let result = try encoder.encode(mel, layout: .melsFirst, hidden: [0, 1, 2])
        let output = try #require(result.output)
        #expect(output.shape == [2, 22, 32])
        #expect(difference(output.values, try expected.floats(named: "safetensors")) < 2e-5)
        for layer in 0...2 {
            #expect(difference(try #require(result.hidden[layer]).values, try expected.floats(named: "hidden.\(layer)")) < 2e-5)
        }
    }

    /// Files from CTranslate2's own writer. The expectation is that of the rounded weights, so the bound is the same.
    @Test(arguments: ["float16", "int8", "int16"])
    func agreesWithNumPyOnCTranslate2(_ quantization: String) throws {
        let expected = try Self.fixture("expected")
        let model = try CTranslate2Model(path: Places.fixture("whisper/\(quantization).bin"))
        #expect(model.version == 6 && model.specification == "WhisperSpec" && model.revision == 3)
        let encoder = try WhisperEncoder(model)
        #expect(encoder.configuration == WhisperConfiguration(width: 32, layers: 2, heads: 2, hidden: 56, mels: 16, positions: 24))
        let output = try #require(try encoder.encode(expected.coreTensor("mel"), layout: .melsFirst).output)
        #expect(difference(output.values, try expected.floats(named: quantization)) < 2e-5)
    }

    @Test(.enabled(if: shrunk != nil, "needs the reference vectors (MIEN_SHARED)"), arguments: instructionSets)
    func agreesWithTransformers(on instructionSet: String) throws {
        let file = try Safetensors(path: #require(Self.shrunk)), mel = try file.coreTensor("input.mel")
        let processor = try Self.processor(instructionSet)
        let stated = WhisperConfiguration(width: 64, layers: 2, heads: 4, hidden: 256, mels: 80, positions: 150)
        let encoder = try WhisperEncoder(file, configuration: stated, on: processor)
        let result = try encoder.encode(mel, layout: .melsFirst, hidden: [0, 1, 2])
        #expect(difference(try #require(result.output).values, try file.floats(named: "expected.last_hidden_state")) < 2e-5)
        // The taps are of the first clip alone.
        let first = try encoder.encode(Tensor(shape: [1, 80, 300], values: mel.values.prefix(80 * 300)), layout: .melsFirst, hidden: [0, 1, 2])
        for layer in 0...1 {
            #expect(difference(try #require(first.hidden[layer + 1]).values, try file.floats(named: "expected.layer\(layer).b0")) < 2e-5)
        }
        try checkStem(file, mel, processor)
        try checkAttention(file, try #require(first.hidden[0]), processor)
    }

    /// What 8 bits cost, as the root mean square of the difference over that of the states: random weights hardly have outliers.
    @Test(.enabled(if: shrunk != nil, "needs the reference vectors (MIEN_SHARED)"), arguments: instructionSets)
    func staysNearTransformersInEightBits(on instructionSet: String) throws {
        let file = try Safetensors(path: #require(Self.shrunk))
        let stated = WhisperConfiguration(width: 64, layers: 2, heads: 4, hidden: 256, mels: 80, positions: 150)
        let encoder = try WhisperEncoder(file, configuration: stated, on: Self.processor(instructionSet, precision: .int8))
        let output = try #require(try encoder.encode(file.coreTensor("input.mel"), layout: .melsFirst).output).values
        let wanted = try file.floats(named: "expected.last_hidden_state")
        #expect(drift(output, wanted) < 0.02)
    }

    /// Both convolutions by themselves, before their activation.
    private func checkStem(_ file: Safetensors, _ mel: Tensor, _ processor: Processor) throws {
        func convolution(_ number: Int, _ activation: Activation?) throws -> Convolution1D {
            try Convolution1D(weights: file.floats(named: "model.encoder.conv\(number).weight"), bias: file.floats(named: "model.encoder.conv\(number).bias"),
                              outputs: 64, taps: 3, stride: number, activation: activation, on: processor)
        }
        func run(_ op: Convolution1D, _ x: [Float]) -> [Float] {
            let zeros = [Float](repeating: 0, count: op.padding * op.inputs)
            var y = [Float](repeating: 0, count: op.outputLength(300) * op.outputs)
            Workspace(on: processor).run(count: 0, scratch: 0) { machine, _ in
                y.withUnsafeMutableBufferPointer { op.run(300, zeros + x + zeros, to: $0.baseAddress!, on: machine) }
            }
            return y
        }
        let frames = transposed(mel.values.prefix(80 * 300), columns: 300)
        let first = transposed(try file.floats(named: "expected.conv1_pre_gelu.b0")[...], columns: 300)
        let second = transposed(try file.floats(named: "expected.conv2_pre_gelu.b0")[...], columns: 150)
        #expect(difference(run(try convolution(1, nil), frames), first) < 2e-5)
        let middle = run(try convolution(1, .gelu), frames)
        #expect(difference(run(try convolution(2, nil), middle), second) < 2e-5)
    }

    /// A matrix of so many columns as one of so many rows.
    private func transposed(_ values: ArraySlice<Float>, columns: Int) -> [Float] {
        (0..<columns).flatMap { column in stride(from: values.startIndex + column, to: values.endIndex, by: columns).map { index in values[index] } }
    }

    /// The first layer's attention, put together by hand.
    private func checkAttention(_ file: Safetensors, _ x: Tensor, _ processor: Processor) throws {
        let layer = "model.encoder.layers.0.self_attn"
        func linear(_ name: String) throws -> Linear {
            let bias = file["\(layer).\(name)_proj.bias"] == nil ? nil : try file.floats(named: "\(layer).\(name)_proj.bias")
            return Linear(weights: try file.floats(named: "\(layer).\(name)_proj.weight"), bias: bias, outputs: 64, on: processor)
        }
        let norm = LayerNormalization(scale: try file.floats(named: "\(layer)_layer_norm.weight"), shift: try file.floats(named: "\(layer)_layer_norm.bias"), epsilon: 1e-5)
        let layers = (try linear("q"), try linear("k"), try linear("v"), try linear("out"))
        let attention = Attention(heads: 4, head: 16, on: processor), size = 150 * 64
        let packedCount = attention.packedCount(clips: 1, keys: 150)
        let result = Workspace(on: processor).run(count: 5 * size + packedCount, scratch: attention.scratchCount) { machine, memory in
            let (normed, q, k, v, y, packed) = (memory, memory + size, memory + 2 * size, memory + 3 * size, memory + 4 * size, memory + 5 * size)
            x.withUnsafeBufferPointer { norm.run(150, $0.baseAddress!, to: normed, on: machine) }
            layers.0.run(150, normed, to: q, on: machine)
            layers.1.run(150, normed, to: k, on: machine)
            layers.2.run(150, normed, to: v, on: machine)
            attention.pack(clips: 1, keys: 150, k: k, v: v, pitch: 64, to: packed, on: machine)
            attention.attend(clips: 1, queries: 150, q: q, pitch: 64, keys: 150, packed: packed, to: q, pitch: 64, on: machine)
            layers.3.run(150, q, to: y, on: machine)
            return Array(UnsafeBufferPointer(start: y, count: size))
        }
        #expect(difference(result, try file.floats(named: "expected.layer0_attn.b0")) < 2e-5)
    }

    /// Every 50th (7th) position of what NumPy makes of the real model; outputs go up to about 10.
    @Test(.enabled(if: Places.whisperTinyEn != nil, "needs whisper-tiny-en (MIEN_TEST_WHISPER or the model store)"), arguments: instructionSets)
    func agreesWithTheRealModel(on instructionSet: String) throws {
        let expected = try Self.fixture("tiny_en")
        let encoder = try WhisperEncoder(CTranslate2Model(path: #require(Places.whisperTinyEn)), on: Self.processor(instructionSet))
        #expect(encoder.configuration == WhisperConfiguration(width: 384, layers: 4, heads: 6, hidden: 1536, mels: 80, positions: 1500))
        // The scalar kernels take long for 30 s.
        for (frames, step) in instructionSet == "scalar" ? [(178, 7)] : [(3000, 50), (178, 7)] {
            var values: [Float] = []
            for frame in 0..<frames {
                for band in 0..<80 { values.append(Float(Double(frame * (band + 3) % 97) / 97 * 2 - 0.9)) }
            }
            let mel = Tensor(shape: [1, frames, 80], values: values)
            let result = try encoder.encode(mel, hidden: [2])
            for (name, tensor) in [("output", result.output), ("hidden.2", result.hidden[2])] {
                let values = try #require(tensor).values
                let some = stride(from: 0, to: frames / 2, by: step).flatMap { row in values[row * 384..<(row + 1) * 384] }
                #expect(difference(some, try expected.floats(named: "\(frames).\(name)")) < 1e-3, "\(frames) frames, \(name)")
            }
        }
    }

    // MARK: Independence

    @Test func threadsBatchMatesAndLayoutChangeNoBit() throws {
        let file = try Self.fixture("encoder"), positions = 24
        let pool = WorkerPool(threads: 3)
        let stated = WhisperConfiguration(width: 32, layers: 2, heads: 2, hidden: 56, mels: 16, positions: positions)
        let best = try #require(instructionSets.last)
        let one = try WhisperEncoder(file, configuration: stated, on: Self.processor(best, threads: 1, pool: pool))
        let three = try WhisperEncoder(file, configuration: stated, on: Self.processor(best, threads: 3, pool: pool))
        // More clips than are worked on at a time.
        let clips = 131, frames = 46, count = frames * 16
        let values = (0..<clips * count).map { Float(($0 * 7919) % 1009) / 600 - 0.8 }
        let mel = Tensor(shape: [clips, frames, 16], values: values)
        func bits(_ tensor: Tensor?) throws -> [UInt32] { try #require(tensor).values.map(\.bitPattern) }
        let together = try bits(three.encode(mel).output)
        #expect(try together == bits(one.encode(mel).output))
        let share = together.count / clips
        for clip in [0, 1, 64, 65, 130] {
            let alone = Tensor(shape: [1, frames, 16], values: values[clip * count..<(clip + 1) * count])
            #expect(try bits(three.encode(alone).output) == Array(together[clip * share..<(clip + 1) * share]), "clip \(clip)")
            let turned = transposed(values[clip * count..<(clip + 1) * count], columns: 16)
            #expect(try bits(one.encode(Tensor(shape: [1, 16, frames], values: turned), layout: .melsFirst).output) == Array(together[clip * share..<(clip + 1) * share]))
        }
    }

    @Test func stopsWhereTold() throws {
        let expected = try Self.fixture("expected"), mel = try expected.coreTensor("mel")
        let encoder = try WhisperEncoder(CTranslate2Model(path: Places.fixture("whisper/float16.bin")))
        let all = try encoder.encode(mel, layout: .melsFirst, hidden: [0, 1])
        for last in 0...1 {
            let result = try encoder.encode(mel, layout: .melsFirst, hidden: [last], stoppingAfter: last)
            #expect(result.output == nil && Array(result.hidden.keys) == [last])
            #expect(try #require(result.hidden[last]).values == #require(all.hidden[last]).values)
        }
        for (hidden, last) in [([3], nil), ([-1], nil), ([1], 0), ([], 3), ([], -1)] as [(Set<Int>, Int?)] {
            #expect(throws: InferenceError.self) { try encoder.encode(mel, layout: .melsFirst, hidden: hidden, stoppingAfter: last) }
        }
    }

    // MARK: Refusals

    @Test func refusesInputsThatDoNotFit() throws {
        let encoder = try WhisperEncoder(CTranslate2Model(path: Places.fixture("whisper/float16.bin")))
        func message(_ shape: Shape, _ value: Float = 0) throws -> String {
            let mel = Tensor(shape: shape, values: [Float](repeating: value, count: shape.count))
            return try #require(throws: InferenceError.self) { try encoder.encode(mel) }.description
        }
        #expect(try message([1, 44, 80]) == "mel: needs an input of shape [clips, frames, 16], got [1, 44, 80]")
        #expect(try message([44, 16]).contains("got [44, 16]"))
        #expect(try message([1, 43, 16]) == "mel: needs an even number of frames up to 48, got 43")
        #expect(try message([1, 50, 16]).contains("up to 48, got 50"))
        #expect(try message([1, 0, 16]).contains("got 0"))
        #expect(try message([1, 2, 16], .nan) == "mel: element 0 is not finite")
        #expect(try message([1, 2, 16], .infinity) == "mel: element 0 is not finite")
        #expect(try encoder.encode(Tensor(shape: [0, 48, 16])).output?.shape == [0, 24, 32])
        #expect(try encoder.encode(Tensor(shape: [1, 2, 16])).output?.shape == [1, 1, 32])
    }

    /// A file of an encoder with extents of 2 and 3, some of it changed.
    private static func weights(except missing: String? = nil, changing: [String: [Int]] = [:], prefix: String = "model.encoder.") -> [UInt8] {
        var shapes = ["conv1.weight": [2, 3, 3], "conv1.bias": [2], "conv2.weight": [2, 2, 3], "conv2.bias": [2], "layer_norm.weight": [2], "layer_norm.bias": [2],
                      "layers.0.fc1.weight": [5, 2], "layers.0.fc1.bias": [5], "layers.0.fc2.weight": [2, 5], "layers.0.fc2.bias": [2],
                      "layers.0.self_attn.k_proj.weight": [2, 2]]
        for name in ["self_attn.q_proj", "self_attn.v_proj", "self_attn.out_proj"] {
            (shapes["layers.0.\(name).weight"], shapes["layers.0.\(name).bias"]) = ([2, 2], [2])
        }
        for name in ["self_attn_layer_norm", "final_layer_norm"] { (shapes["layers.0.\(name).weight"], shapes["layers.0.\(name).bias"]) = ([2], [2]) }
        shapes.merge(changing) { $1 }
        if let missing { shapes[missing] = nil }
        var entries: [String] = [], end = 0
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            let size = shape.reduce(4, *)
            entries.append(#""\#(prefix)\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(end),\#(end + size)]}"#)
            end += size
        }
        return safetensorsBytes("{" + entries.joined(separator: ",") + "}", data: end)
    }

    @Test(arguments: ["model.encoder.", "encoder.", ""])
    func takesNamesWithAndWithoutPrefix(_ prefix: String) throws {
        // Positions are left out: those of the paper take their place.
        let encoder = try WhisperEncoder(Safetensors(file(Self.weights(prefix: prefix))))
        #expect(encoder.configuration == WhisperConfiguration(width: 2, layers: 1, heads: 1, hidden: 5, mels: 3, positions: 1500))
        let states = try encoder.encode(Tensor(shape: [1, 6, 3]), hidden: [0]).hidden[0]!.values
        // No sound, and no padding in reach: what the second and third state differ by are sin and cos of 1 and 2.
        #expect(abs(states[4] - states[2] - 0.067826) < 1e-5 && abs(states[5] - states[3] + 0.956449) < 1e-5)
    }

    @Test func namesWhatDoesNotFit() throws {
        func failure(_ bytes: [UInt8], _ stated: WhisperConfiguration? = nil) throws -> ModelFileError {
            try #require(throws: ModelFileError.self) { try WhisperEncoder(Safetensors(file(bytes)), configuration: stated) }
        }
        #expect(try failure(Self.weights(except: "conv1.weight")).kind == .missing)
        #expect(try failure(Self.weights(except: "layers.0.fc2.bias")).reason == "there is no tensor 'model.encoder.layers.0.fc2.bias'")
        #expect(try failure(Self.weights(except: "layers.0.fc1.weight")).reason.contains("layers.0.fc1.weight"))
        #expect(try failure(Self.weights(changing: ["layers.0.fc2.weight": [5, 2]])).reason.contains("has shape [5, 2], expected [2, 5]"))
        #expect(try failure(Self.weights(changing: ["conv1.weight": [2, 9]])).reason.contains("expected rank 3"))
        #expect(try failure(Self.weights(changing: ["conv1.weight": [0, 3, 3]])).reason.contains("no Whisper encoder has width 0"))
        #expect(try failure(Self.weights(changing: ["layers.0.self_attn.q_proj.lora_A": [2]])).reason.contains("lora_A' is not part of"))
        #expect(try failure(Self.weights(changing: ["layers.2.fc1.weight": [5, 2]])).kind == .unsupported)
        var stated = WhisperConfiguration(width: 2, layers: 1, heads: 2, hidden: 5, mels: 3, positions: 7)
        #expect(try WhisperEncoder(Safetensors(file(Self.weights())), configuration: stated).configuration == stated)
        stated.layers = 6
        #expect(try failure(Self.weights(), stated).reason.contains("config.json says width 2, 6 layers"))
        (stated.layers, stated.heads) = (1, 3)
        #expect(try failure(Self.weights(), stated).reason.contains("3 heads"))
    }

    @Test func readsConfigurations() throws {
        let text = #"{"model_type":"whisper","activation_function":"gelu","d_model":1280,"encoder_layers":32,"encoder_attention_heads":20,"#
            + #""encoder_ffn_dim":5120,"num_mel_bins":128,"max_source_positions":1500,"vocab_size":51866}"#
        #expect(try WhisperConfiguration(json: text.utf8) == WhisperConfiguration(width: 1280, layers: 32, heads: 20, hidden: 5120, mels: 128, positions: 1500))
        func failure(_ old: String, _ new: String) throws -> ModelFileError {
            try #require(throws: ModelFileError.self) { try WhisperConfiguration(json: text.replacing(old, with: new).utf8) }
        }
        #expect(try failure(#""whisper""#, #""bert""#).reason.contains("type bert"))
        #expect(try failure(#""gelu""#, #""relu""#).reason.contains("activation relu"))
        #expect(try failure(#""d_model":1280,"#, "").reason == "config.json has no 'd_model'")
        #expect(try failure("1280", "-1").reason == "'d_model' in config.json is not a count")
        #expect(try failure("1280", "1e9").kind == .malformed)
        #expect(try failure("{", "").kind == .malformed)
    }
}
