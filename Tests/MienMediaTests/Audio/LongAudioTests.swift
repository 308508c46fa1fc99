import Foundation
import Testing

@testable import MienMedia

/// An hour of noise that ffmpeg encodes, and what ffmpeg itself makes of it.
@Suite struct LongAudioTests {
    private static let ffmpeg = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/ffmpeg" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    private func run(_ arguments: [String], output: Pipe? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.ffmpeg))
        process.arguments = ["-loglevel", "error", "-nostdin"] + arguments
        if let output { process.standardOutput = output }
        try process.run()
        return process
    }

    /// Both give FLAC's 16-bit numbers exactly; Vorbis leaves roundings to the decoder.
    @Test(.enabled(if: ffmpeg != nil, "needs ffmpeg"), arguments: [("flac", Float(0)), ("ogg", Float(2e-5))])
    func anHourIsWhatFFmpegMakesOfIt(_ kind: String, _ loss: Float) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mien-hour-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "hour.\(kind)").path
        let encoder = try run(["-f", "lavfi", "-i", "anoisesrc=r=16000:a=0.3:d=3600:seed=7:color=pink", "-c:a", kind == "ogg" ? "libvorbis" : kind, path])
        encoder.waitUntilExit()
        try #require(encoder.terminationStatus == 0)

        let pipe = Pipe()
        let decoder = try run(["-i", path, "-f", "f32le", "-"], output: pipe)
        let source = try AudioSource(path: path, blockLength: 1 << 16)
        var count = 0, largest: Float = 0
        while let block = try source.next() {
            let wanted = try read(block.samples.count * 4, from: pipe.fileHandleForReading)
            #expect(block.start == count)
            try #require(wanted.count == block.samples.count * 4, "ffmpeg ends before \(count + block.samples.count) samples")
            wanted.withUnsafeBytes { bytes in
                block.samples.withUnsafeBytes { ours in
                    // Equal, mostly: the bytes are compared first, as the loop takes long without an optimizer.
                    if memcmp(bytes.baseAddress!, ours.baseAddress!, bytes.count) == 0 { return }
                    for index in block.samples.indices {
                        largest = max(largest, abs(block.samples[index] - bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)))
                    }
                }
            }
            count += block.samples.count
        }
        #expect(try read(4, from: pipe.fileHandleForReading).isEmpty, "ffmpeg has more")
        decoder.waitUntilExit()
        #expect(count == 3600 * AudioSource.sampleRate)
        #expect(largest <= loss)
    }

    private func read(_ count: Int, from handle: FileHandle) throws -> Data {
        var data = Data()
        while data.count < count, let more = try handle.read(upToCount: count - data.count), !more.isEmpty { data += more }
        return data
    }
}
