import ArgumentParser
import MienClient
import MienHost
import MienMessages
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Estimate the emotions of a voice while it speaks.",
        discussion: """
            Reads raw samples from stdin, or from a program that records:
              arecord -q -t raw -f S16_LE -r 16000 | mien listen
              mien listen --capture 'parec --format=s16le --rate=16000 --channels=1'

            Each utterance becomes a line when it ends. On a terminal, a last line shows the estimate of the last seconds while someone speaks.
            """)

    enum Encoding: String, ExpressibleByArgument, CaseIterable {
        case s16le, f32le
    }

    @Option(help: ArgumentHelp("A program that prints raw samples; run by the shell.", valueName: "command"))
    var capture: String?

    @Option(help: ArgumentHelp("Samples per second, 1000 to 768000.", valueName: "Hz"))
    var rate: UInt32 = 16_000

    @Option(help: ArgumentHelp("Channels, 1 to 64; they are mixed.", valueName: "number"))
    var channels: UInt32 = 1

    @Option(help: ArgumentHelp("How a sample is written.", valueName: "encoding"))
    var encoding = Encoding.s16le

    @Option(help: ArgumentHelp("From one estimate to the next while someone speaks, 0.2 to 30; 0: none.", valueName: "seconds"))
    var interval: Float?

    @Flag(help: "Print every event as a line of JSON, in protobuf's mapping.")
    var json = false

    @Option(help: ArgumentHelp("A recording of the same speaker's neutral voice, to compare with.", valueName: "file"),
            completion: .file(extensions: ["wav", "flac", "ogg", "opus", "mp3", "aiff", "aif"]))
    var neutral: String?

    @OptionGroup var answer: AnswerArguments
    @OptionGroup var plugins: PluginArguments

    func validate() throws {
        if capture == nil, isatty(0) == 1 { throw ValidationError("stdin is a terminal; pipe raw samples into it, or give --capture") }
        if neutral != nil, answer.routing.ensemble != nil { throw ValidationError("--neutral is about one estimator's scores, and --ensemble has several") }
        if neutral == "-" { throw ValidationError("--neutral is -; it must name a file") }
    }

    func run() async throws {
        try await running {
            let names = try answer.names, client = try await ownHost(plugins)
            let recorder = try capture.map { try Recorder($0) }
            do {
                let scores = if let neutral { try await answer.neutralScores(of: neutral, client) } else { [Proto.NativeScore]() }
                let stream = try await client.watchVoice()
                let format = Proto.AudioFormat(samples: encoding == .s16le ? .s16le : .f32le, rate: rate, channels: channels)
                let start = Proto.WatchVoiceStart(format: format, estimator: answer.estimator, interval: interval, categories: names,
                                                  minimumReliability: answer.minReliability, neutral: scores, routing: try answer.routing.message)
                try await stream.send(Proto.WatchVoiceRequest(kind: .start(start)))
                var view = LiveView(Terminal(descriptor: 1), json ? try await Transcoder(client) : nil, all: answer.all)
                let descriptor = recorder?.descriptor ?? 0
                let sending = Task {
                    while let samples = try await readSome(descriptor) { try await stream.send(Proto.WatchVoiceRequest(kind: .samples(samples))) }
                    stream.halfClose()
                }
                while let event = try await stream.next() { try view.show(event) }
                view.finish()
                // After the host's last word this is over, unless reading failed.
                try await sending.value
            } catch {
                throw await failure(of: error, closing: client)
            }
            await client.close()
            if let recorder, !recorder.close() { throw Failure("the capture command failed", code: ExitStatus.inputOutput) }
        }
    }
}

/// A program whose output we read.
private final class Recorder {
    private let file: UnsafeMutablePointer<FILE>
    var descriptor: CInt { fileno(file) }

    /// - Throws: `Failure`.
    init(_ command: String) throws {
        guard let file = popen(command, "r") else {
            throw Failure("the capture command cannot be started: \(String(cString: strerror(errno)))", code: ExitStatus.unavailable)
        }
        self.file = file
    }

    /// Waits for its end; false if that was a failure.
    func close() -> Bool { pclose(file) == 0 }
}

/// The next bytes of a descriptor; nil at its end. A thread of its own waits for them: Swift's must not.
private func readSome(_ descriptor: CInt) async throws -> [UInt8]? {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[UInt8]?, any Error>) in
        let started = startThread(named: "mien-capture") {
            var bytes = [UInt8](repeating: 0, count: 32 << 10)
            while true {
                let count = read(descriptor, &bytes, bytes.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    return continuation.resume(throwing: Failure("samples cannot be read: \(String(cString: strerror(errno)))", code: ExitStatus.inputOutput))
                }
                return continuation.resume(returning: count == 0 ? nil : Array(bytes[..<count]))
            }
        }
        if !started { continuation.resume(throwing: Failure("the system has no thread left", code: ExitStatus.unavailable)) }
    }
}
