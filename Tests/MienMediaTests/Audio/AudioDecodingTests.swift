import Foundation
import MienMedia
import Testing

@Suite struct AudioDecodingTests {
    @Test(arguments: AudioFixture.names) func recordingsDecodeAsElsewhere(name: String) throws {
        let expected = try #require(AudioFixture.expected[name])
        let file = try AudioFile(AudioFixture.bytes(name))
        let samples = try file.all()
        #expect((file.sampleRate, file.channels) == (expected.rate, expected.channels))
        #expect(file.warnings.isEmpty, "\(file.warnings)")
        #expect(samples.count == expected.frames * expected.channels)
        if let stated = file.frameCount { #expect(stated == samples.count / file.channels) }
        let values = stride(from: 0, to: samples.count, by: 41).map { samples[$0] }
        let difference = zip(values, expected.values).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference <= expected.loss)
        // All the samples in between.
        let mean = samples.reduce(0.0) { $0 + Double($1) } / Double(samples.count)
        let rms = (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)).squareRoot()
        #expect(abs(mean - expected.mean) <= 1e-9 + Double(expected.loss) && abs(rms - expected.rms) <= 1e-9 + Double(expected.loss))
    }

    @Test func everyKindOfFileIsAmongTheFixtures() throws {
        let files = try AudioFixture.names.map { try AudioFile(AudioFixture.bytes($0)) }
        #expect(files.count == 33)
        #expect(Set(files.map(\.format)) == Set(AudioFileFormat.allCases))
        #expect(Set(files.map(\.encoding)).count >= 15)
    }

    @Test(arguments: ["s24.wav", "s16.flac", "vorbis-stereo.ogg", "opus.ogg", "stereo-vbr.mp3", "s16.aiff"])
    func filesAndMemoryAndAnyBlockLengthGiveTheSame(name: String) throws {
        let whole = try AudioFile(AudioFixture.bytes(name)).all(frames: 100_000)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).jpg").path
        try Data(AudioFixture.bytes(name)).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        for frames in [1, 7, 4096] { #expect(try AudioFile(path: path).all(frames: frames) == whole, "blocks of \(frames), and a lying name") }
    }

    @Test func lengthsAreKnownWhereTheyAreStated() throws {
        for name in ["s16.wav", "s24.flac", "s8.aiff", "vorbis.ogg", "mono.mp3"] {
            let file = try AudioFile(AudioFixture.bytes(name))
            #expect(file.frameCount == AudioFixture.expected[name]?.frames, "\(name)")
        }
        #expect(try AudioFile(AudioFixture.bytes("layer-2.mp2")).frameCount == nil)
    }

    @Test func pathsThatAreNoFilesAreRefused() {
        func reason(_ path: String) -> MediaFileError.Reason? {
            do { _ = try AudioFile(path: path) } catch { return (error as? MediaFileError)?.reason }
            return nil
        }
        #expect(reason("/no/such/file.wav") == .notFound)
        #expect(reason("/") == .notRegular)
        #expect(reason("/dev/zero") == .notRegular)
    }

    /// Many at once: libsndfile keeps its last error for the whole process.
    @Test func errorsOfConcurrentOpeningsDoNotMix() async throws {
        let good = try AudioFixture.bytes("s16.flac")
        let bad = wav(tag: 0x45, [UInt8](repeating: 1, count: 64)), broken = Array(good[..<42]) + [UInt8](repeating: 0xAA, count: 500)
        let alone = [bad, broken].map { outcome($0).error }
        #expect(alone.allSatisfy { $0 != nil } && alone[0] != alone[1])
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    switch index % 3 {
                    case 0: outcome(good).error == nil
                    case 1: outcome(bad).error == alone[0]
                    default: outcome(broken).error == alone[1]
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
