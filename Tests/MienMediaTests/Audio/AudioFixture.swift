import Foundation
import MienMedia

/// Recordings made by Scripts/reference/make_recordings.py.
enum AudioFixture {
    static let folder = Fixture.folder.appendingPathComponent("audio")

    static func bytes(_ name: String) throws -> [UInt8] { try Fixture.bytes("audio/\(name)") }

    struct Expected: Decodable, Sendable {
        var rate: Int
        var channels: Int
        var frames: Int
        /// Largest difference to the samples of ffmpeg or sox; 0 where decoding is exact.
        var loss: Float
        /// Every 41st sample.
        var values: [Float]
        var mean: Double
        var rms: Double
    }

    struct Statistics: Decodable, Sendable {
        var offset: Double
        var peak: Double
        var level: Double
    }

    private struct Everything: Decodable, Sendable {
        var files: [String: Expected]
        var stats: Statistics
    }

    private static let everything: Everything = {
        let data = try! Data(contentsOf: folder.appendingPathComponent("expected.json"))
        return try! JSONDecoder().decode(Everything.self, from: data)
    }()
    static var expected: [String: Expected] { everything.files }
    static var statistics: Statistics { everything.stats }
    static let names = expected.keys.sorted()
}

extension AudioReader {
    /// All samples, interleaved, read in blocks of `frames`.
    func all(frames: Int = 1000) throws -> [Float] {
        var samples: [Float] = [], block = [Float](repeating: 0, count: frames * channels)
        while true {
            let count = try block.withUnsafeMutableBufferPointer { try read(into: $0) }
            if count == 0 { return samples }
            samples += block[..<(count * channels)]
        }
    }
}

extension AudioSource {
    /// All samples; checks that every block begins where the last one ended and that only the last is short.
    func all(blockLength: Int) throws -> [Float] {
        var samples: [Float] = [], lastLength = blockLength
        while let block = try next() {
            guard block.start == samples.count, lastLength == blockLength, !block.samples.isEmpty else { throw Misplaced(start: block.start) }
            lastLength = block.samples.count
            samples += block.samples
        }
        return samples
    }

    struct Misplaced: Error { var start: Int }
}

func little(_ value: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

/// A WAV file of samples as they come; the header may lie.
func wav(tag: Int = 1, channels: Int = 1, rate: Int = 16_000, bits: Int = 16, statedBytes: Int? = nil, _ data: [UInt8]) -> [UInt8] {
    let width = channels * bits / 8
    let format = little(tag, 2) + little(channels, 2) + little(rate, 4) + little(rate &* width, 4) + little(width, 2) + little(bits, 2)
    return Array("RIFF".utf8) + little(36 + data.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + format + Array("data".utf8)
        + little(statedBytes ?? data.count, 4) + data
}

func floatBytes(_ samples: [Float]) -> [UInt8] { samples.flatMap { little(Int($0.bitPattern), 4) } }

/// Decodes everything; `reason` is set if that failed.
func outcome(_ bytes: [UInt8], _ limits: AudioLimits = AudioLimits()) -> (samples: [Float], warnings: [AudioWarning], error: AudioError?) {
    do {
        let file = try AudioFile(bytes, limits: limits)
        let samples = try file.all()
        return (samples, file.warnings, nil)
    } catch {
        return ([], [], error as? AudioError)
    }
}
