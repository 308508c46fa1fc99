import Foundation
import InferenceCore
import MienClient
import MienMedia
import MienMessages
import MienNetworks
import MienWire
import OnnxWriting
import TestSupport
import Testing

/// Mini-Xception three times in one host: built in, from its own weights; in a library, which gives the host an ONNX file to run; and in a process that runs this file itself.
/// Nothing may get lost or change on the way to any of them and back.
@Suite("one network as a plugin of each kind", .enabled(if: Expression.isPossible, "the models are not installed (mien models pull), or there is no C compiler"), .timeLimit(.minutes(2)))
struct ThreeKindsTests {
    @Test("gives identical answers") func identical() async throws {
        try await withKinds { client in
            for (index, face) in try Self.faces().enumerated() {
                let answers = try await Expression.estimators.asyncMap { try await Self.ask(client, $0, .raw(face), wholePicture: true) }
                let scores = try #require(answers[0].estimates.first).nativeScores.map(\.score)
                #expect(scores.count == 7 && abs(scores.reduce(0, +) - 1) < 1e-5)
                for answer in answers.dropFirst() { #expect(answer == answers[0], "face \(index)") }
            }
        }
    }

    /// What comes with Mien cuts faces out as the network's authors did, the host cuts for plugins as their manifest says: the faces are the same, what is seen of them not quite.
    @Test("gives the same answers to a photograph, where the host finds and cuts out the face") func photograph() async throws {
        try await withKinds { client in
            let answers = try await Expression.estimators.asyncMap { try await Self.ask(client, $0, .path(Self.portrait), wholePicture: false) }
            #expect(answers[2] == answers[1])
            #expect(answers.map { $0.estimates.map(\.subject) }.allSatisfy { $0 == answers[0].estimates.map(\.subject) } && answers[0].estimates.count == 1)
            #expect(answers.allSatisfy { $0.estimates.first?.categories.first?.name == "Elation" })
        }
    }

    private static let portrait = "\(Compiled.repository)/Examples/astronaut.jpg"

    /// Noise, a slope, black, and a smile: 64 x 64 pixels, grey, so that nobody cuts or resizes.
    private static func faces() throws -> [Proto.RawPicture] {
        let side = MiniXception.inputExtent
        var state: UInt32 = 1
        let noise = (0..<6).map { _ in
            (0..<side * side).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(state >> 24)
            }
        }
        let smile = try Picture.decode(Array(Data(contentsOf: URL(filePath: portrait)))).cropped(left: 166, top: 58, width: 120, height: 120).grayscale().resizedBilinear(width: side, height: side)
        let slope = (0..<side * side).map { UInt8($0 / side + $0 % side) }, black = [UInt8](repeating: 0, count: side * side)
        return (noise + [slope, black, smile.pixels]).map { Proto.RawPicture(width: UInt32(side), height: UInt32(side), format: .gray8, pixels: $0) }
    }

    /// The answer without who it is from.
    private static func ask(_ client: Client, _ estimator: String, _ picture: Proto.EstimateFaceRequest.Picture, wholePicture: Bool) async throws -> Proto.EstimateFaceResponse {
        let request = Proto.EstimateFaceRequest(picture: picture, estimator: estimator, options: Proto.FaceOptions(wholePicture: wholePicture))
        var answer = try await client.estimateFace(request).message
        for index in answer.estimates.indices {
            #expect(answer.estimates[index].madeBy?.estimator == estimator)
            answer.estimates[index].madeBy = nil
        }
        return answer
    }

    private func withKinds(_ body: (Client) async throws -> Void) async throws {
        try await inTemporaryFolder { path in
            try Expression.writePlugins(to: path)
            var options = HostProcess.Options()
            options.executable = try builtProduct("mien")
            options.arguments = ["serve", "--plugin", path]
            let client = try await Client.spawn(options, name: "tests", version: "0")
            do { try await body(client) } catch {
                await client.close()
                throw error
            }
            #expect(await client.close() == .code(0))
        }
    }
}

/// The two plugins with the network.
private enum Expression {
    static let estimators = ["face-expression", "expression-library", "expression-process"]

    static let isPossible = Compiled.isPossible && Installed.hasMiniXception && Installed.hasCenterFace

    static func writePlugins(to path: String) throws {
        let network = try MiniXception.graph(from: Safetensors(path: Installed.miniXception)).onnx(extent: MiniXception.inputExtent)
        try write("expression-library", in: path, network, #""kind": "library", "entry": ["libexpression.so"]"#)
        try Compiled.compile(library, to: "\(path)/expression-library/libexpression.so")
        // Other kernels would round differently.
        try write("expression-process", in: path, network, #""kind": "process", "entry": ["\#(try builtProduct("expression-plugin"))"], "environment": ["MIEN_ISA"]"#)
    }

    private static func write(_ id: String, in path: String, _ network: [UInt8], _ keys: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(id)", withIntermediateDirectories: true)
        try Data(network).write(to: URL(filePath: "\(path)/\(id)/face.onnx"))
        try """
            { "schema": 1, "id": "\(id)", "version": "1", "summary": "Mini-Xception.", "licence": "MIT", "attribution": "nobody", \(keys),
              "files": [ { "file": "face.onnx", "sha256": "\(Compiled.digest(network))" } ],
              "estimators": [ { "id": "\(id)", "categories": ["Anger", "Disgust", "Fear", "Elation", "Sadness", "Astonishment/Surprise"],
                                "native_labels": ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"], "batch": 32,
                                "face": { "width": 64, "height": 64, "pixels": "grey", "crop": "box", "square": true } } ] }
            """.write(toFile: "\(path)/\(id)/plugin.json", atomically: false, encoding: .utf8)
    }

    private static let library = """
        #include "mien_plugin.h"
        enum { SIDE = 64, CLASSES = 7, CATEGORIES = 6 };
        static const char *const labels[CLASSES] = {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"};
        static const char *const categories[CATEGORIES] = {"Anger", "Disgust", "Fear", "Elation", "Sadness", "Astonishment/Surprise"};
        static const mien_scale scale = {0, 1, "softmax probability"};
        static const mien_host *host;

        static mien_status load(const mien_host *given, const char *estimator, void **state, char *message, size_t size) {
            (void)estimator;
            return given->network_open(given, "face.onnx", (mien_network **)state, message, size);
        }

        static mien_status look(void *state, const mien_question *question, mien_answer *answer, char *message, size_t size) {
            const size_t count = question->face_count, area = SIDE * SIDE;
            float *pixels = host->scratch(question, count * area * sizeof(float));
            if (!pixels) return MIEN_NO_MEMORY;
            for (size_t face = 0; face < count; face++)
                for (size_t i = 0; i < area; i++) pixels[face * area + i] = ((float)question->faces[face].pixels[i] / 255 - 0.5f) * 2;
            const mien_tensor input = {.values = pixels, .rank = 4, .extents = {count, SIDE, SIDE, 1}};
            mien_tensor outputs[2];
            size_t place;
            mien_status status = host->network_run(question, state, &input, 1, outputs, 2, message, size);
            if (status == MIEN_OK) status = host->network_output(host, state, "probabilities", &place);
            for (size_t i = 0; i < count * CLASSES && status == MIEN_OK; i++) {
                const size_t face = i / CLASSES, class = i % CLASSES;
                const float score = outputs[place].values[i];
                status = host->add_native_score(answer, face, labels[class], score);
                if (status == MIEN_OK && class < CATEGORIES) status = host->add_category(answer, face, categories[class], score);
                if (status == MIEN_OK && class < CATEGORIES) status = host->set_category_native(answer, face, categories[class], score, &scale);
            }
            return status;
        }

        static const char *const estimators[] = {"expression-library"};
        static const mien_plugin plugin = {.abi = 1, .size = sizeof plugin, .lowest_abi = 1, .highest_abi = 1, .id = "expression-library", .version = "1",
                                           .estimators = estimators, .estimator_count = 1, .flags = MIEN_PLUGIN_THREAD_SAFE, .open = load, .estimate_faces = look};
        const mien_plugin *mien_plugin_entry(const mien_host *given) {
            host = given;
            return &plugin;
        }
        """
}

extension Sequence {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
