import ArgumentParser
import MienClient
import MienMedia
import MienMessages
import MienWire

struct VoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "voice",
        abstract: "Estimate the emotions of the voices in recordings.",
        discussion: """
            Starts a host of its own (mien serve) and asks it, as any other program would. WAV, FLAC, Ogg (Vorbis, Opus), MP3 and AIFF are read; \
            "-" stands for stdin.

            A recording without speech is an answer, not a failure. Recordings that cannot be read are reported on stderr, and the exit status is \
            then 1, or 66 if there was none that could be.
            """)

    enum Part: String, ExpressibleByArgument, CaseIterable {
        case clip, utterance, window
    }

    @Argument(help: ArgumentHelp("Recordings; - reads one from stdin.", valueName: "file"),
              completion: .file(extensions: ["wav", "flac", "ogg", "opus", "mp3", "aiff", "aif"]))
    var files: [String]

    @Option(help: ArgumentHelp("What to estimate: each whole recording, each utterance, or a sliding window.", valueName: "part"))
    var granularity = Part.utterance

    @Option(help: ArgumentHelp("Length of the sliding window, 1 to 30.", valueName: "seconds"))
    var window: Float?

    @Option(help: ArgumentHelp("From one window to the next, 0.1 to 30.", valueName: "seconds"))
    var hop: Float?

    @Flag(help: "Print JSON, the answer in protobuf's mapping and its file: a line per recording for clips, else a line per estimate.")
    var json = false

    @Option(help: ArgumentHelp("Draw waveform, speech and emotions over time, as SVG or PNG. For one recording.", valueName: "out.svg|out.png"),
            completion: .file(extensions: ["svg", "png"]))
    var plot: String?

    @Option(help: ArgumentHelp("Emotions to show per estimate.", valueName: "number"))
    var top: Int?

    @Option(help: ArgumentHelp("A recording of the same speaker's neutral voice, to compare with.", valueName: "file"),
            completion: .file(extensions: ["wav", "flac", "ogg", "opus", "mp3", "aiff", "aif"]))
    var neutral: String?

    @OptionGroup var answer: AnswerArguments
    @OptionGroup var plugins: PluginArguments

    func validate() throws {
        if files.isEmpty { throw ValidationError("no recording is given") }
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("- is given twice, and stdin can be read only once") }
        if let plot {
            guard files.count == 1 else { throw ValidationError("--plot is for one recording, and \(files.count) are given") }
            guard plot.hasSuffix(".svg") || plot.hasSuffix(".png") else { throw ValidationError("--plot is \(plot); it must end with .svg or .png") }
            if granularity == .clip { throw ValidationError("--plot shows a course over time; it is for --granularity utterance or window") }
        }
        try answer.validate(top: top)
        if neutral != nil, answer.routing.ensemble != nil { throw ValidationError("--neutral is about one estimator's scores, and --ensemble has several") }
        if neutral == "-" { throw ValidationError("--neutral is -; it must name a file") }
        if let window, !(1...30).contains(window) { throw ValidationError("--window is \(window); it must be from 1 to 30 seconds") }
        if let hop, !(0.1...30).contains(hop) { throw ValidationError("--hop is \(hop); it must be from 0.1 to 30 seconds") }
        if granularity != .window, window != nil || hop != nil { throw ValidationError("--window and --hop are for --granularity window") }
    }

    func run() async throws {
        try await running {
            let standardInput = files.contains("-") ? try StandardInput.read(limit: 64 << 20) : nil
            var options = try options
            let client = try await ownHost(plugins)
            if let neutral {
                do { options.neutral = try await answer.neutralScores(of: neutral, client) } catch { throw await failure(of: error, closing: client) }
            }
            let routing = try answer.routing.message
            var fallbacks = FallbackNotes()
            let run = BatchRun<Proto.EstimateVoiceRequest, Proto.EstimateVoiceResponse>(files: files, title: "Voices", unit: "recording") {
                [self, options, routing] index, file in
                let audio: Proto.EstimateVoiceRequest.Audio = if file == "-", let standardInput { .data(standardInput) } else { .path(absolute(file)) }
                return Proto.EstimateVoiceRequest(requestId: String(index), audio: audio, estimator: answer.estimator, options: options, routing: routing)
            }
            let transcoder = json ? try await Transcoder(client) : nil
            var report = VoiceReport(top: answer.shown(top))
            let outcome: BatchRun<Proto.EstimateVoiceRequest, Proto.EstimateVoiceResponse>.Outcome
            do {
                outcome = try await run.ask(client.estimateVoices()) { file, answer in
                    fallbacks.tell(answer.warnings)
                    if let transcoder {
                        try write(answer, file, transcoder)
                    } else if answer.failure == nil {
                        report.add(file, answer)
                    }
                }
            } catch {
                throw await failure(of: error, closing: client)
            }
            if !report.answers.isEmpty { say(report.render(Terminal(descriptor: 1)).joined(separator: "\n")) }
            await client.close()
            if let plot, let answer = outcome.onlyAnswer { try draw(answer, to: plot, data: standardInput) }
            if outcome.failed > 0 {
                throw ExitCode(outcome.failed == files.count ? ExitStatus.noInput : ExitStatus.someFailed)
            }
        }
    }

    private func draw(_ answer: Proto.EstimateVoiceResponse, to path: String, data: [UInt8]?) throws {
        do {
            let source = if let data { try AudioSource(data) } else { try AudioSource(path: files[0]) }
            var envelope = VoicePlot.Envelope(count: Int(((answer.audio?.duration ?? 0) * Double(AudioSource.sampleRate)).rounded()))
            while let block = try source.next() { envelope.add(block.samples) }
            let plot = VoicePlot(file: files[0], answer: answer, envelope: envelope)
            if path.hasSuffix(".svg") {
                var surface = SVGSurface(width: VoicePlot.width, height: VoicePlot.height)
                plot.draw(on: &surface)
                try OutputFile.write(Array(surface.document.utf8), to: path)
            } else {
                let (width, height) = (VoicePlot.width, VoicePlot.height)
                var canvas = Canvas(width: width, height: height, pixels: [UInt8](repeating: 255, count: width * height * 3))
                plot.draw(on: &canvas)
                try OutputFile.write(PNGEncoder.encode(Picture(width: width, height: height, format: .rgb, pixels: canvas.pixels)), to: path)
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure("cannot draw \(files[0]): \(error)", code: ExitStatus.cannotCreate)
        }
    }

    /// A recording of which nothing was estimated has one line all the same, so that no input goes without.
    private func write(_ answer: Proto.EstimateVoiceResponse, _ file: String, _ transcoder: Transcoder) throws {
        if granularity == .clip || answer.estimates.isEmpty {
            say(try transcoder.line(answer, file: file))
        } else {
            for estimate in answer.estimates { say(try transcoder.line(estimate, file: file)) }
        }
    }

    private var options: Proto.VoiceOptions {
        get throws {
            let granularity: Proto.Granularity = switch granularity {
            case .clip: .clip
            case .utterance: .utterance
            case .window: .window
            }
            return Proto.VoiceOptions(granularity: granularity, window: window, hop: hop, categories: try answer.names,
                                      minimumReliability: answer.minReliability)
        }
    }
}
