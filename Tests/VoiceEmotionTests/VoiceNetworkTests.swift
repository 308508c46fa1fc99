import Foundation
import InferenceCore
@testable import MienEstimation
import MienMedia
import MienNetworks
import Testing

@testable import VoiceEmotion

/// The network and its reading against what PyTorch computes in float64 with the same weights; training/export.py makes the fixture.
@Suite struct VoiceNetworkTests {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/reference.safetensors").path
    static let signals = ["low", "high", "noise"]

    private struct NoDetector: SpeechDetector {
        var windowLength: Int { 512 }
        func listen() -> any SpeechListener { preconditionFailure("nobody listens") }
    }

    private func estimator(threads: Int = .max) throws -> VoiceEmotion {
        try VoiceEmotion(network: VoiceNetwork(VoiceWeights(VoiceEmotion.embeddedWeights()), on: Processor(threads: threads)), detector: NoDetector())
    }

    private func largestError(_ values: [Float], _ wanted: [Float]) -> Float {
        values.count == wanted.count ? zip(values, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
    }

    @Test(arguments: signals)
    func everyStepAgreesWithTheReference(_ name: String) throws {
        let file = try Safetensors(path: Self.path), estimator = try estimator()
        let network = estimator.network, mels = network.configuration.mels
        let samples = try file.floats(named: "\(name).audio")
        let mel = estimator.spectrum(samples[...])
        // The file has [mels, frames].
        let wanted = try file.floats(named: "\(name).log_mel"), frames = wanted.count / mels
        let turned = (0..<frames * mels).map { wanted[$0 % mels * frames + $0 / mels] }
        try #require(mel.count >= turned.count)
        if mel.count == turned.count { #expect(largestError(mel, turned) < 1e-4) }
        var trace = VoiceNetwork.Trace()
        let outputs = network.run(estimator.levelled(turned)) { trace = $0 }
        for (height, state) in trace.states.enumerated() where file["\(name).state\(height)"] != nil {
            let reference = try file.floats(named: "\(name).state\(height)"), size = reference.reduce(1) { max($0, abs($1)) }
            #expect(largestError(state, reference) < 2e-5 * size, "state \(height)")
        }
        let pooled = try file.floats(named: "\(name).pooled")
        #expect(largestError(trace.pooled, pooled) < 2e-5 * pooled.reduce(1) { max($0, abs($1)) })
        #expect(largestError(outputs, try file.floats(named: "\(name).outputs")) < 1e-3)
        let probabilities = softmax(Array(outputs.prefix(7)), temperature: network.configuration.temperature)
        #expect(largestError(probabilities, try file.floats(named: "\(name).probabilities")) < 1e-4)
    }

    /// On 606 recordings a probability changed by 0.004 on average and by 0.075 at most.
    @Test(arguments: signals)
    func productsOfEightBitsHardlyChangeTheAnswer(_ name: String) throws {
        let file = try Safetensors(path: Self.path), exact = try estimator()
        let rounded = try VoiceNetwork(VoiceWeights(VoiceEmotion.embeddedWeights()), on: Processor(precision: .int8))
        let mel = exact.levelled(exact.spectrum(try file.floats(named: "\(name).audio")[...])), temperature = rounded.configuration.temperature
        let probabilities = softmax(Array(rounded.run(mel).prefix(7)), temperature: temperature)
        let wanted = softmax(Array(exact.network.run(mel).prefix(7)), temperature: temperature)
        #expect(largestError(probabilities, wanted) < 0.06)
        #expect(probabilities != wanted)
    }

    @Test func aReadingSaysWhatTheDescriptionPromises() throws {
        let file = try Safetensors(path: Self.path), estimator = try estimator()
        let clips = try ["low", "high"].map { try file.floats(named: "\($0).audio") }
        let readings = try estimator.read(clips, options: VoiceReadingOptions(), context: EstimationContext())
        for (reading, clip) in zip(readings, clips) {
            #expect(reading.length == clip.count)
            #expect(reading.nativeScores.map(\.label) == VoiceEmotion.description.nativeLabels)
            #expect(abs(reading.nativeScores.reduce(0) { $0 + $1.score } - 1) < 1e-5)
            #expect(Set(reading.categories.map(\.category)) == Set(VoiceEmotion.description.categories))
            #expect(zip(reading.categories, reading.categories.dropFirst()).allSatisfy { $0.intensity >= $1.intensity })
            #expect(reading.dimensions.map(\.dimension) == [.valence, .arousal])
            #expect(reading.dimensions.allSatisfy { (-1...1).contains($0.value) })
            let best = reading.nativeScores.max { $0.score < $1.score }
            #expect(reading.predictionSet?.labels.first == best?.label)
        }
        // The louder microphone makes no difference beyond rounding.
        let quiet = try estimator.read([clips[0].map { $0 / 8 }], options: VoiceReadingOptions(), context: EstimationContext())[0]
        #expect(largestError(quiet.nativeScores.map(\.score), readings[0].nativeScores.map(\.score)) < 1e-3)
    }

    @Test func threadsAndCompanyDoNotMatter() throws {
        let file = try Safetensors(path: Self.path)
        let clips = try Self.signals.map { try file.floats(named: "\($0).audio") }
        func scores(_ readings: [VoiceReading]) -> [[UInt32]] { readings.map { $0.nativeScores.map(\.score.bitPattern) } }
        let one = try estimator(threads: 1), all = try estimator()
        let together = scores(try all.read(clips, options: VoiceReadingOptions(), context: EstimationContext()))
        #expect(scores(try one.read(clips, options: VoiceReadingOptions(), context: EstimationContext())) == together)
        for (clip, wanted) in zip(clips, together) {
            #expect(scores(try all.read([clip], options: VoiceReadingOptions(), context: EstimationContext())) == [wanted])
        }
    }

    @Test(arguments: [1, 159, 160, 8_000, 159_999, 160_000, 160_001, 500_000])
    func clipsOfAnyLengthAreRead(_ count: Int) throws {
        let estimator = try estimator()
        let clip = (0..<count).map { Float($0 % 97) / 97 - 0.5 }
        let reading = try estimator.read([clip], options: VoiceReadingOptions(), context: EstimationContext())[0]
        #expect(reading.length == count)
        #expect(reading.nativeScores.allSatisfy { $0.score.isFinite })
    }

    @Test func silenceIsReadWithoutHarm() throws {
        let reading = try estimator().read([[Float](repeating: 0, count: 16_000)], options: VoiceReadingOptions(), context: EstimationContext())[0]
        #expect(abs(reading.nativeScores.reduce(0) { $0 + $1.score } - 1) < 1e-5)
    }

    @Test func readingsJoinByTheirLength() throws {
        let estimator = try estimator()
        let a = [Float](repeating: 0.25, count: 16_000), b = (0..<48_000).map { Float($0 % 50) / 50 - 0.5 }
        let readings = try estimator.read([a, b], options: VoiceReadingOptions(), context: EstimationContext()), joined = estimator.combine(readings, options: VoiceReadingOptions())
        #expect(joined.length == 64_000)
        for label in 0..<7 {
            let wanted = 0.25 * readings[0].nativeScores[label].score + 0.75 * readings[1].nativeScores[label].score
            #expect(abs(joined.nativeScores[label].score - wanted) < 1e-6)
        }
    }

    @Test func cancellationIsHeard() throws {
        let estimator = try estimator()
        #expect(throws: CancellationError.self) { try estimator.read([[0.5]], options: VoiceReadingOptions(), context: EstimationContext { true }) }
    }

    // MARK: Files that do not fit

    /// The embedded file with some of its bytes changed; metadata of another length would move the tensors.
    private func altered(_ text: String, to other: String) throws -> Safetensors {
        precondition(text.utf8.count == other.utf8.count)
        var bytes = Array(UnsafeRawBufferPointer(start: VoiceEmotion.weightBytes.baseAddress, count: VoiceEmotion.weightBytes.count))
        let place = try #require(bytes.prefix(20_000).firstRange(of: Array(text.utf8)))
        bytes.replaceSubrange(place, with: Array(other.utf8))
        return try bytes.withUnsafeBytes { try Safetensors(MappedFile(copying: $0), path: "altered") }
    }

    @Test(arguments: [
        ("mien.voice-emotion 1", "mien.voice-emotion 7", "the file is not of the format"),
        ("\\\"width\\\":384", "\\\"width\\\":385", "config.heads"),
        ("encoder.conv1.bias", "encoder.conv1.bins", "there is no tensor 'encoder.conv1.bias'"),
        ("\\\"positions\\\":500", "\\\"positions\\\":501", "encoder.positions"),
        ("\\\"layers\\\":2,\\\"positions", "\\\"layers\\\":9,\\\"positions", "encoder.layers.2"),
        ("\\\"level\\\":1", "\\\"level\\\":x", "metadata entry 'config'"),
    ])
    func filesThatDoNotFitAreRefusedByName(_ text: String, _ other: String, _ message: String) throws {
        do {
            _ = try VoiceNetwork(VoiceWeights(altered(text, to: other)))
            #expect(Bool(false), "an error is due")
        } catch let error as ModelFileError {
            #expect("\(error)".contains(message), "\(error)")
        }
    }
}
