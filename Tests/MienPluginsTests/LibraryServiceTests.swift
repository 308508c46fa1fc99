import Foundation
import InferenceCore
import MienDigest
import MienMedia
import MienMessages
import MienWire
import MienNetworks
import TestSupport
import Testing

@testable import MienPlugins

/// What the host does for plugins is what the host does: each function of the table against the Swift function that it stands for. The numbers go to and fro as clips and scores.
@Suite("the host's services for libraries", .enabled(if: Compiled.isPossible, "there is no C compiler"), .timeLimit(.minutes(2)))
struct LibraryServiceTests {
    private static let source = String.plugin("""
        static mien_status look(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
            (void)state, (void)question, (void)answer, (void)message, (void)message_size;
            return MIEN_UNSUPPORTED;
        }

        static mien_status give(mien_answer *answer, const float *values, size_t count) {
            for (size_t i = 0; i < count; i++) host->add_native_score(answer, 0, "v", values[i]);
            return MIEN_OK;
        }

        static mien_status listen(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
            (void)state;
            const float *x = question->clips[0].samples;
            size_t count = question->clips[0].count, n[8];
            for (int i = 0; i < 8; i++) n[i] = (size_t)x[1 + i];
            const float *data = x + 9;
            float *result = host->scratch(question, 1 << 20);
            mien_status status;
            switch ((int)x[0]) {
            case 1: { // precision, outputs, inputs, rows; weights, bias, x
                mien_matrix *matrix;
                const float *bias = data + n[1] * n[2];
                status = host->matrix_pack(host, data, n[4] ? bias : NULL, n[1], n[2], (mien_precision)n[0], &matrix);
                if (status != MIEN_OK) return status;
                status = host->matrix_multiply(host, matrix, bias + n[1], n[3], result);
                if (status != MIEN_OK) return status;
                status = host->matrix_free(host, matrix);
                if (status != MIEN_OK) return status;
                // What is gone is not used any more.
                if (host->matrix_multiply(host, matrix, bias, n[3], result) != MIEN_INVALID) return MIEN_FAILED;
                return give(answer, result, n[3] * n[1]);
            }
            case 2: { // inputs, outputs, groups, side of the window, padding, height, width, stride; weights, bias, x
                const mien_convolution convolution = { .size = sizeof convolution, .input_channels = n[0], .output_channels = n[1], .groups = n[2], .height = n[3], .width = n[3],
                    .stride_y = n[7], .stride_x = n[7], .dilation = 1, .top = n[4], .left = n[4], .bottom = n[4], .right = n[4], .weights = data,
                    .bias = data + n[0] / (n[2] ? n[2] : 1) * n[1] * n[3] * n[3] };
                mien_network *network;
                status = host->network_convolution(host, &convolution, &network, message, message_size);
                if (status != MIEN_OK) return status;
                const mien_tensor input = { (float *)(convolution.bias + n[1]), 4, 0, { 1, n[5], n[6], n[0] } };
                mien_tensor output;
                status = host->network_run(question, network, &input, 1, &output, 1, message, message_size);
                if (status != MIEN_OK) return status;
                const float shape[] = { (float)output.rank, (float)output.extents[1], (float)output.extents[2], (float)output.extents[3] };
                give(answer, shape, 4);
                give(answer, output.values, output.extents[1] * output.extents[2] * output.extents[3]);
                return host->network_free(host, network);
            }
            case 3: { // mels, window
                const size_t frames = n[1] ? n[1] : (count - 9) / 160;
                status = host->log_mel(host, data, count - 9, n[0], n[1], result, frames * n[0]);
                return status == MIEN_OK ? give(answer, result, frames * n[0]) : status;
            }
            case 4: { // how, width, height, channels, to width, to height
                unsigned char pixels[4096], target[512];
                for (size_t i = 0; i < n[1] * n[2] * n[3] && i < sizeof pixels; i++) pixels[i] = (unsigned char)data[i];
                status = host->resize(host, (mien_resize)n[0], pixels, n[1], n[2], n[3], target, n[4], n[5]);
                for (size_t i = 0; status == MIEN_OK && i < n[4] * n[5] * n[3]; i++) result[i] = target[i];
                return status == MIEN_OK ? give(answer, result, n[4] * n[5] * n[3]) : status;
            }
            case 5: { // which
                const char *const names[] = { "data.bin", "secret.bin", "../secret.bin", "" };
                mien_file file = { 0 };
                status = host->file_map(host, names[n[0]], &file, message, message_size);
                if (status != MIEN_OK) return status;
                for (size_t i = 0; i < file.size; i++) result[i] = ((const unsigned char *)file.bytes)[i];
                const size_t size = file.size;
                if (host->file_unmap(host, &file) != MIEN_OK || host->file_unmap(host, &file) != MIEN_INVALID) return MIEN_FAILED;
                return give(answer, result, size);
            }
            case 6: { // rank, height, width, channels, inputs
                const char *const names[] = { "net.onnx", "data.bin", "other.onnx" };
                mien_network *network;
                status = host->network_open(host, names[n[5]], &network, message, message_size);
                if (status != MIEN_OK) return status;
                size_t first = 9, none;
                if (host->network_output(host, network, "nothing", &none) != MIEN_NOT_FOUND || host->network_input(host, network, "nothing", &none) != MIEN_NOT_FOUND) return MIEN_FAILED;
                (void)first;
                const mien_tensor input = { (float *)data, n[0], 0, { 1, n[1], n[2], n[3] } };
                mien_tensor output;
                status = host->network_run(question, network, &input, n[4], &output, 1, message, message_size);
                return status == MIEN_OK ? give(answer, output.values, output.extents[0] * output.extents[1]) : status;
            }
            default: return MIEN_UNSUPPORTED;
            }
        }
        """)

    /// Numbers that look like nothing, the same every time.
    private static func noise(_ count: Int, seed: UInt32 = 1) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / Float(1 << 24) * 2 - 1
        }
    }

    private static func order(_ number: Int, _ parameters: [Int], _ data: [Float]) -> [Float] {
        ([number] + parameters + [Int](repeating: 0, count: 8 - parameters.count)).map(Float.init) + data
    }

    private func status(_ body: () async throws -> Void) async -> (status: String, words: String)? {
        do {
            try await body()
            return nil
        } catch {
            guard let failure = error as? CallError else { return ("", "\(error)") }
            return (failure.fact("plugin_status") ?? "", failure.message)
        }
    }

    @Test("multiply as the core does", arguments: Precision.allCases, [false, true])
    func products(precision: Precision, hasBias: Bool) async throws {
        let (outputs, inputs, rows) = (9, 40, 13), place = [Precision.f32, .f16, .int8].firstIndex(of: precision)!
        let weights = Self.noise(outputs * inputs), bias = Self.noise(outputs, seed: 2), x = Self.noise(rows * inputs, seed: 3)
        let processor = Processor(precision: precision), linear = Linear(weights: weights, bias: hasBias ? bias : nil, outputs: outputs, on: processor)
        var expected = [Float](repeating: 0, count: rows * outputs)
        Workspace(on: processor).run(count: 0, scratch: linear.scratchCount) { machine, _ in linear.run(rows, x, to: &expected, on: machine) }
        try await withCompiled(Self.source) { plugin in
            let answer = try await plugin.ask(Self.order(1, [place, outputs, inputs, rows, hasBias ? 1 : 0], weights + bias + x))
            #expect(answer.nativeScores.map(\.score) == expected)
        }
    }

    @Test("pack no nonsense") func wrongProducts() async throws {
        try await withCompiled(Self.source) { plugin in
            let nothing = [Float](repeating: 0, count: 64)
            for (parameters, data, expected) in [([9, 2, 2, 1], nothing, "2"), ([0, 0, 2, 1], nothing, "2"), ([0, 2, 2, 1], [.nan] + nothing, "2"), ([2, 1, 70_000, 1], nothing, "3"),
                                                 ([0, 1 << 20, 1 << 20, 1], nothing, "3")] as [([Int], [Float], String)] {
                #expect(await status { _ = try await plugin.ask(Self.order(1, parameters, data)) }?.status == expected, "\(parameters)")
            }
        }
    }

    @Test("convolve as the core does", arguments: [(3, 4, 1, 3, 1, 1), (4, 4, 4, 3, 1, 2), (2, 6, 2, 1, 0, 1)] as [(Int, Int, Int, Int, Int, Int)])
    func convolutions(inputs: Int, outputs: Int, groups: Int, side: Int, padding: Int, stride: Int) async throws {
        let (height, width) = (7, 6)
        let weights = Self.noise(outputs * inputs / groups * side * side), bias = Self.noise(outputs, seed: 2), x = Self.noise(height * width * inputs, seed: 3)
        let window = Window(height: side, width: side, strideY: stride, strideX: stride, padding: .explicit(top: padding, left: padding, bottom: padding, right: padding))
        var graph = Graph()
        let input = graph.addInput("x", channels: inputs)
        let made = Convolution(window: window, inputChannels: inputs, outputChannels: outputs, groups: groups, weights: weights, bias: bias)
        graph.addOutput("y", graph.add(.convolution(made), input, name: "convolution"))
        let expected = try CompiledGraph(graph).run([Tensor(shape: [1, height, width, inputs], values: x)])[0]
        try await withCompiled(Self.source) { plugin in
            let scores = try await plugin.ask(Self.order(2, [inputs, outputs, groups, side, padding, height, width, stride], weights + bias + x)).nativeScores.map(\.score)
            #expect(scores.prefix(4).map(Int.init) == [4] + expected.shape.extents.dropFirst())
            #expect(Array(scores.dropFirst(4)) == expected.values)
        }
    }

    @Test("refuse convolutions that are none") func wrongConvolutions() async throws {
        try await withCompiled(Self.source) { plugin in
            for (parameters, words) in [([3, 4, 1, 0, 0, 5, 5, 1], "from 1 to 64"), ([3, 4, 2, 3, 1, 5, 5, 1], "in 2 groups"), ([3, 4, 0, 3, 1, 5, 5, 1], "in 0 groups"),
                                        ([3, 4, 1, 3, 3, 5, 5, 1], "more padding than the window reaches"), ([1, 1, 1, 3, 0, 2, 2, 1], "smaller than the window")] {
                let failure = await status { _ = try await plugin.ask(Self.order(2, parameters, [Float](repeating: 0, count: 300))) }
                #expect(failure?.words.contains(words) == true, "\(parameters): \(failure?.words ?? "")")
            }
        }
    }

    @Test("make the spectrograms of LogMel", arguments: [(80, 0, 1000), (40, 12, 1000), (13, 5, 3000), (1, 0, 160), (4, 3, 0)] as [(Int, Int, Int)])
    func spectrograms(mels: Int, window: Int, count: Int) async throws {
        let samples = Self.noise(count), expected = try LogMel(mels: mels).features(of: samples, window: window > 0 ? window : nil)
        try await withCompiled(Self.source) { plugin in
            let scores = try await plugin.ask(Self.order(3, [mels, window], samples)).nativeScores.map(\.score)
            #expect(scores == expected.values)
        }
    }

    @Test("make no spectrograms of noise that is none") func wrongSpectrograms() async throws {
        try await withCompiled(Self.source) { plugin in
            let failure = await status { _ = try await plugin.ask(Self.order(3, [80, 0], [.infinity] + Self.noise(500))) }
            #expect(failure?.status == "1")
            #expect(await status { _ = try await plugin.ask(Self.order(3, [129, 1], Self.noise(500))) }?.status == "2")
        }
    }

    @Test("resize as the host does", arguments: [(20, 14, 3, 8, 6), (5, 6, 1, 16, 9)] as [(Int, Int, Int, Int, Int)], [0, 1])
    func pictures(extents: (Int, Int, Int, Int, Int), how: Int) async throws {
        let (width, height, channels, newWidth, newHeight) = extents
        let pixels = Self.noise(width * height * channels).map { UInt8(($0 + 1) * 127) }
        let picture = Picture(width: width, height: height, format: channels == 1 ? .gray : .rgb, pixels: pixels)
        let expected = how == 0 ? picture.resizedSmoothly(width: newWidth, height: newHeight) : picture.resizedBilinear(width: newWidth, height: newHeight)
        try await withCompiled(Self.source) { plugin in
            let scores = try await plugin.ask(Self.order(4, [how, width, height, channels, newWidth, newHeight], pixels.map(Float.init))).nativeScores
            #expect(scores.map { UInt8($0.score) } == expected.pixels)
            for wrong in [[7, 4, 4, 1, 4, 4], [0, 4, 4, 2, 4, 4], [0, 4, 4, 1, 0, 4], [0, 4, 4, 1, 4, 20_000]] {
                #expect(await status { _ = try await plugin.ask(Self.order(4, wrong, [Float](repeating: 0, count: 16))) }?.status == "2")
            }
        }
    }

    @Test("show the files that plugin.json lists, as it lists them, and no others") func files() async throws {
        try await withCompiled(Self.source, files: ["data.bin": [7, 200, 0, 3]]) { plugin in
            try Data([1]).write(to: URL(filePath: "\(plugin.path)/secret.bin"))
            let whole = try await plugin.ask(Self.order(5, [0], [])).nativeScores.map(\.score)
            #expect(whole == [7, 200, 0, 3])
            for other in 1...3 {
                let failure = await status { _ = try await plugin.ask(Self.order(5, [other], [])) }
                #expect(failure?.status == "1" || failure?.words.contains("none of the files in plugin.json") == true, "\(String(describing: failure))")
            }
            try Data([7, 200, 0, 4]).write(to: URL(filePath: "\(plugin.path)/data.bin"))
            #expect(await status { _ = try await plugin.ask(Self.order(5, [0], [])) }?.words.contains("and its manifest states") == true)
            try FileManager.default.removeItem(atPath: "\(plugin.path)/data.bin")
            try FileManager.default.createSymbolicLink(atPath: "\(plugin.path)/data.bin", withDestinationPath: "secret.bin")
            #expect(await status { _ = try await plugin.ask(Self.order(5, [0], [])) }?.words.contains("symbolic link") == true)
        }
    }

    @Test("run networks as the core does") func networks() async throws {
        let path = "\(Compiled.repository)/Tests/OnnxFaceTests/Fixtures/tiny/face.onnx"
        let bytes = Array(try Data(contentsOf: URL(filePath: path))), x = Self.noise(32 * 24 * 3)
        let expected = try CompiledGraph(OnnxModel(path: path).graph).run([Tensor(shape: [1, 32, 24, 3], values: x)])[0]
        try await withCompiled(Self.source, files: ["net.onnx": bytes, "data.bin": [1, 2, 3]]) { plugin in
            let scores = try await plugin.ask(Self.order(6, [4, 32, 24, 3, 1], x)).nativeScores.map(\.score)
            #expect(scores == expected.values)
            for (parameters, words) in [([4, 32, 24, 4, 1], "[1, 32, 24, 4]"), ([0, 32, 24, 3, 1], "has rank 0"), ([9, 32, 24, 3, 1], "has rank 9"), ([4, 0, 24, 3, 1], "extents [1, 0, 24, 3]"),
                                        ([4, 32, 24, 3, 2], "has 1 inputs"), ([4, 1 << 14, 1 << 14, 3, 1], "extents"), ([4, 32, 24, 3, 1, 1], "data.bin: not a readable ONNX file"),
                                        ([4, 32, 24, 3, 1, 2], "none of the files")] {
                let failure = await status { _ = try await plugin.ask(Self.order(6, parameters, x)) }
                #expect(failure?.words.contains(words) == true, "\(parameters): \(failure?.words ?? "")")
            }
        }
    }
}
