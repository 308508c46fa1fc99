import Foundation
import MienMedia
import MienNetworks
import Testing

@testable import MienEstimation
@testable import SpeechFinding
@testable import VoiceEmotion

private enum Files {
    private static let environment = ProcessInfo.processInfo.environment
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    static let speech = tests.appending(path: "VoiceEmotionTests/Fixtures/speech.safetensors").path
    static let tiny = tests.appending(path: "MienNetworksTests/Fixtures/silero-tiny.safetensors").path
    /// The weights, from the environment or the model store.
    static let weights: String? = {
        if let path = environment["MIEN_TEST_SILERO_VAD"] { return FileManager.default.fileExists(atPath: path) ? path : nil }
        let models = (environment["MIEN_HOME"] ?? "\(environment["HOME"] ?? "")/.local/share/mien") + "/models"
        let files = FileManager.default.enumerator(atPath: models)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix("/silero_vad_16k_op15.onnx") }.min().map { "\(models)/\($0)" }
    }()
}

/// Where the host finds speech: network and segmenter as a recording or stream goes through them.
private func segments(of samples: [Float], _ network: SileroVAD, criteria: SpeechCriteria = SpeechCriteria()) throws -> [Range<Int>] {
    var tracker = try SpeechTracker(SileroDetector(network), criteria)
    return SpeechSegmenter.segments(try tracker.push(samples) + tracker.finish())
}

@Suite struct SileroDetectorTests {
    /// Sentences by espeak-ng, with ONNX Runtime's probabilities and silero-vad's segments.
    private struct Speech {
        let samples: [Float], probabilities: [Float], segments: [Range<Int>]

        init() throws {
            let file = try Safetensors(path: Files.speech)
            samples = try file.tensor(named: "samples").withBytes { bytes in
                (0..<bytes.count / 2).map { Float(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self))) / 32768 }
            }
            probabilities = try file.floats(named: "probabilities")
            let ends = try file.tensor(named: "segments").withBytes { bytes in
                (0..<bytes.count / 8).map { Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))) }
            }
            segments = stride(from: 0, to: ends.count, by: 2).map { ends[$0]..<ends[$0 + 1] }
        }
    }

    @Test(.enabled(if: Files.weights != nil, "needs Silero VAD (MIEN_TEST_SILERO_VAD or the model store)"))
    func findsTheSentencesThatSileroFinds() throws {
        let speech = try Speech(), network = try SileroVAD(from: OnnxWeights(path: #require(Files.weights)))
        let probabilities = try network.probabilities(of: speech.samples)
        try #require(probabilities.count == speech.probabilities.count)
        #expect(zip(probabilities, speech.probabilities).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(try segments(of: speech.samples, network) == speech.segments)
        #expect(speech.segments.count >= 2)
        let silence = [Float](repeating: 0, count: 50_000)
        #expect(try segments(of: silence, network).isEmpty)
        // Clipped hard, the sentences are still there.
        let clipped = speech.samples.map { max(-0.05, min(0.05, $0)) * 20 }
        #expect(try !segments(of: clipped, network).isEmpty)
    }

    @Test func piecesGiveTheSegmentsOfTheWhole() throws {
        let speech = try Speech(), network = try SileroVAD(from: Safetensors(path: Files.tiny))
        let probabilities = try network.probabilities(of: speech.samples)
        // Whatever a network of random weights takes for speech: half of the windows.
        var criteria = SpeechCriteria()
        criteria.threshold = Double(probabilities.sorted()[probabilities.count / 2])
        criteria.silenceThreshold = criteria.threshold
        criteria.minimumSpeech = 20
        criteria.minimumSilence = 10
        let whole = try segments(of: speech.samples, network, criteria: criteria)
        #expect(whole.count > 1)
        #expect(try whole == SpeechSegmenter.segments(probabilities, sampleCount: speech.samples.count, criteria, windowLength: 64))
        for length in [13, 160, 4096] {
            var detector = try SpeechTracker(SileroDetector(network), criteria)
            var events: [SpeechEvent] = []
            for start in stride(from: 0, to: speech.samples.count, by: length) {
                events += try detector.push(Array(speech.samples[start..<min(start + length, speech.samples.count)]))
            }
            #expect(SpeechSegmenter.segments(events + detector.finish()) == whole, "pieces of \(length)")
        }
    }

    @Test func aBadSampleIsRefusedAndNothingIsLost() throws {
        let speech = try Speech(), network = try SileroVAD(from: Safetensors(path: Files.tiny))
        var detector = SileroDetector(network).listen(), other = detector
        _ = try (detector.push([0.5]), other.push([0.5]))
        #expect(throws: (any Error).self) { try detector.push([0.1, .nan]) }
        #expect(try detector.push(speech.samples) + detector.finish() == other.push(speech.samples) + other.finish())
    }
}
