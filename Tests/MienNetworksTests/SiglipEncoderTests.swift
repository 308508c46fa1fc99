import CInferenceKernels
@testable import InferenceCore
import MienNetworks
import Testing

/// The vision tower against float64 results of the same weights.
@Suite struct SiglipEncoderTests {
    static let shrunk = Places.reference("siglip_shrunk.safetensors")
    /// Of the fixture, which Scripts/reference/siglip_encoder.py makes.
    static let odd = SiglipConfiguration(width: 30, layers: 2, heads: 3, hidden: 52, image: 18, patch: 6)

    private static func processor(
        _ instructionSet: String, threads: Int = .max, precision: Precision = .f32, pool: WorkerPool = .shared
    ) throws -> Processor {
        let index = try #require(instructionSets.firstIndex(of: instructionSet))
        return Processor(kernels: mien_available_kernels(index).pointee, threads: threads, precision: precision, pool: pool)
    }

    private static func fixture() throws -> Safetensors { try Safetensors(path: Places.fixture("siglip.safetensors")) }

    // MARK: Numbers

    @Test(arguments: instructionSets)
    func agreesWithNumPy(on instructionSet: String) throws {
        let file = try Self.fixture(), pictures = try file.coreTensor("input.pixel_values")
        let encoder = try SiglipEncoder(file, configuration: Self.odd, on: Self.processor(instructionSet))
        let result = try encoder.encode(pictures, layout: .channelsFirst, hidden: [0, 1, 2])
        #expect(result.states.shape == [2, 9, 30] && result.pooled?.shape == [2, 30])
        for layer in 0...2 {
            #expect(difference(try #require(result.hidden[layer]).values, try file.floats(named: "expected.hidden.\(layer)")) < 2e-5)
        }
        #expect(difference(result.states.values, try file.floats(named: "expected.last_hidden_state")) < 2e-5)
        #expect(difference(try #require(result.pooled).values, try file.floats(named: "expected.pooler_output")) < 2e-5)
    }

    @Test(.enabled(if: shrunk != nil, "needs the reference vectors (MIEN_SHARED)"), arguments: instructionSets)
    func agreesWithTransformers(on instructionSet: String) throws {
        let file = try Safetensors(path: #require(Self.shrunk)), pictures = try file.coreTensor("input.pixel_values")
        let stated = SiglipConfiguration(width: 64, layers: 2, heads: 4, hidden: 128, image: 32, patch: 8)
        let result = try SiglipEncoder(file, configuration: stated, on: Self.processor(instructionSet)).encode(pictures, layout: .channelsFirst, hidden: [0, 1, 2])
        for (layer, name) in ["embeddings", "layer0", "layer1"].enumerated() {
            #expect(difference(try #require(result.hidden[layer]).values, try file.floats(named: "expected.\(name)")) < 2e-5, "\(name)")
        }
        #expect(difference(result.states.values, try file.floats(named: "expected.last_hidden_state")) < 2e-5)
        #expect(difference(try #require(result.pooled).values, try file.floats(named: "expected.pooler_output")) < 2e-5)
    }

    @Test(arguments: instructionSets)
    func eightBitsStayNear(on instructionSet: String) throws {
        let file = try Self.fixture()
        let encoder = try SiglipEncoder(file, configuration: Self.odd, on: Self.processor(instructionSet, precision: .int8))
        let result = try encoder.encode(file.coreTensor("input.pixel_values"), layout: .channelsFirst)
        #expect(drift(try #require(result.pooled).values, try file.floats(named: "expected.pooler_output")) < 0.04)
    }

    // MARK: Independence

    @Test func threadsCompanyAndLayoutChangeNoBit() throws {
        let file = try Self.fixture(), best = try #require(instructionSets.last), pool = WorkerPool(threads: 3)
        let one = try SiglipEncoder(file, configuration: Self.odd, on: Self.processor(best, threads: 1, pool: pool))
        let three = try SiglipEncoder(file, configuration: Self.odd, on: Self.processor(best, threads: 3, pool: pool))
        // More pictures than are worked on at a time.
        let count = 170, size = 3 * 18 * 18
        let values = (0..<count * size).map { Float(($0 * 7919) % 1009) / 504.5 - 1 }
        let pictures = Tensor(shape: [count, 3, 18, 18], values: values)
        func bits(_ tensor: Tensor?) throws -> [UInt32] { try #require(tensor).values.map(\.bitPattern) }
        let together = try bits(three.encode(pictures, layout: .channelsFirst).pooled)
        #expect(try bits(one.encode(pictures, layout: .channelsFirst).pooled) == together)
        #expect(try bits(three.encode(channelsLast(values, pictures.shape)).pooled) == together)
        let last = Tensor(shape: [1, 3, 18, 18], values: values.suffix(size))
        #expect(try bits(one.encode(last, layout: .channelsFirst).pooled) == together.suffix(30))
    }

    // MARK: Refusals

    @Test func inputsThatDoNotFitAreRefused() throws {
        let encoder = try SiglipEncoder(Self.fixture(), configuration: Self.odd)
        for shape: Shape in [[1, 18, 18], [1, 3, 18, 18], [1, 18, 17, 3], [0, 18, 18, 3]] {
            #expect(throws: InferenceError.self) { try encoder.encode(Tensor(shape: shape)) }
        }
        var values = [Float](repeating: 0, count: 3 * 18 * 18)
        values[7] = .nan
        #expect(throws: InferenceError.self) { try encoder.encode(Tensor(shape: [1, 18, 18, 3], values: values)) }
        #expect(throws: InferenceError.self) { try encoder.encode(Tensor(shape: [1, 18, 18, 3]), hidden: [3]) }
    }

    @Test(arguments: [
        (SiglipConfiguration(width: 30, layers: 1, heads: 3, hidden: 52, image: 18, patch: 6), ModelFileError.Kind.mismatch, "more than the 1 layers"),
        (SiglipConfiguration(width: 30, layers: 3, heads: 3, hidden: 52, image: 18, patch: 6), .missing, "encoder.layers.2"),
        (SiglipConfiguration(width: 30, layers: 2, heads: 4, hidden: 52, image: 18, patch: 6), .mismatch, "4 heads"),
        (SiglipConfiguration(width: 30, layers: 2, heads: 3, hidden: 53, image: 18, patch: 6), .mismatch, "fc1.weight"),
        (SiglipConfiguration(width: 30, layers: 2, heads: 3, hidden: 52, image: 20, patch: 6), .mismatch, "pictures of 20"),
        (SiglipConfiguration(width: 30, layers: 2, heads: 3, hidden: 52, image: 24, patch: 6), .mismatch, "position_embedding"),
    ])
    func weightsThatDoNotFitAreNamed(_ stated: SiglipConfiguration, _ kind: ModelFileError.Kind, _ words: String) throws {
        let file = try Self.fixture()
        #expect { _ = try SiglipEncoder(file, configuration: stated) } throws: { error in
            guard let error = error as? ModelFileError else { return false }
            return error.kind == kind && error.reason.contains(words)
        }
    }

    @Test func configurationsAreRead() throws {
        let so400m = #"""
            {"model_type": "siglip", "text_config": {"hidden_size": 5}, "vision_config": {"hidden_size": 1152, "image_size": 384, "intermediate_size": 4304,
             "model_type": "siglip_vision_model", "num_attention_heads": 16, "num_hidden_layers": 27, "patch_size": 16, "layer_norm_eps": 1e-06}}
            """#
        let read = try SiglipConfiguration(json: Array(so400m.utf8))
        #expect(read == SiglipConfiguration(width: 1152, layers: 27, heads: 16, hidden: 4304, image: 384, patch: 16))
        #expect(read.positions == 576)
        #expect(try SiglipConfiguration(json: Array("{}".utf8)) == SiglipConfiguration(width: 768, layers: 12, heads: 12, hidden: 3072, image: 224, patch: 16))
        for (text, kind) in [(#"{"model_type": "clip"}"#, ModelFileError.Kind.unsupported), (#"{"hidden_act": "gelu"}"#, .unsupported), ("[", .malformed),
                             (#"{"hidden_size": -1}"#, .malformed), (#"{"layer_norm_eps": "x"}"#, .malformed)] {
            #expect { _ = try SiglipConfiguration(json: Array(text.utf8)) } throws: { ($0 as? ModelFileError)?.kind == kind }
        }
    }
}
