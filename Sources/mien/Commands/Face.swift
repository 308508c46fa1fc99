import ArgumentParser
import MienClient
import MienMedia
import MienMessages
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct FaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "face",
        abstract: "Estimate the emotions of the faces in pictures.",
        discussion: """
            Starts a host of its own (mien serve) and asks it, as any other program would. JPEG and PNG are read; "-" stands for stdin.

            A picture without a face is an answer, not a failure. Pictures that cannot be read are reported on stderr, and the exit status is \
            then 1, or 66 if there was none that could be.
            """)

    @Argument(help: ArgumentHelp("Pictures; - reads one from stdin.", valueName: "file"), completion: .file(extensions: ["jpg", "jpeg", "png", "JPG", "JPEG", "PNG"]))
    var files: [String]

    @Flag(help: "Print one line of JSON per picture: the answer in protobuf's JSON mapping, and its file.")
    var json = false

    @Option(help: ArgumentHelp("Write the picture with boxes, landmarks and emotions drawn on it, as JPEG. For one picture.", valueName: "out.jpg"),
            completion: .file(extensions: ["jpg", "jpeg"]))
    var annotate: String?

    @Option(help: ArgumentHelp("Emotions to show per face.", valueName: "number"))
    var top: Int?

    @Flag(name: .customLong("no-detect"), help: "Take each whole picture as one face.")
    var noDetect = false

    @Option(help: ArgumentHelp("Lowest confidence of a detection that counts as a face, 0 to 1.", valueName: "confidence"))
    var minConfidence: Float?

    @Option(help: ArgumentHelp("Answer for at most so many faces per picture, the largest.", valueName: "number"))
    var maxFaces: UInt32?

    @OptionGroup var answer: AnswerArguments
    @OptionGroup var plugins: PluginArguments

    func validate() throws {
        if files.isEmpty { throw ValidationError("no picture is given") }
        if annotate != nil, files.count != 1 { throw ValidationError("--annotate is for one picture, and \(files.count) are given") }
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("- is given twice, and stdin can be read only once") }
        if let minConfidence, !(minConfidence >= 0 && minConfidence <= 1) {
            throw ValidationError("--min-confidence is \(minConfidence); it must be from 0 to 1")
        }
        try answer.validate(top: top)
        if maxFaces == 0 { throw ValidationError("--max-faces is 0; it must be at least 1") }
    }

    func run() async throws {
        try await running {
            let standardInput = files.contains("-") ? try StandardInput.read(limit: 64 << 20) : nil
            let options = try options, client = try await ownHost(plugins)
            let routing = try answer.routing.message
            var fallbacks = FallbackNotes()
            let run = BatchRun<Proto.EstimateFaceRequest, Proto.EstimateFaceResponse>(files: files, title: "Faces", unit: "picture") { [self, routing] index, file in
                let picture: Proto.EstimateFaceRequest.Picture = if file == "-", let standardInput { .data(standardInput) } else { .path(absolute(file)) }
                return Proto.EstimateFaceRequest(requestId: String(index), picture: picture, estimator: answer.estimator, options: options, routing: routing)
            }
            let transcoder = json ? try await Transcoder(client) : nil
            var report = FaceReport(top: answer.shown(top))
            let outcome: BatchRun<Proto.EstimateFaceRequest, Proto.EstimateFaceResponse>.Outcome
            do {
                outcome = try await run.ask(client.estimateFaces()) { file, answer in
                    fallbacks.tell(answer.warnings)
                    if let transcoder { say(try transcoder.line(answer, file: file)) } else if answer.failure == nil { report.add(file, answer) }
                }
            } catch {
                throw await failure(of: error, closing: client)
            }
            if !report.answers.isEmpty { say(report.render(Terminal(descriptor: 1)).joined(separator: "\n")) }
            await client.close()
            if let annotate, let answer = outcome.onlyAnswer {
                try write(answer, to: annotate, data: standardInput)
            }
            if outcome.failed > 0 {
                throw ExitCode(outcome.failed == files.count ? ExitStatus.noInput : ExitStatus.someFailed)
            }
        }
    }

    private var options: Proto.FaceOptions {
        get throws {
            Proto.FaceOptions(wholePicture: noDetect, minimumConfidence: minConfidence, maxFaces: maxFaces ?? 0, categories: try answer.names,
                              minimumReliability: answer.minReliability)
        }
    }

    private func write(_ answer: Proto.EstimateFaceResponse, to path: String, data: [UInt8]?) throws {
        do {
            let picture = try Picture.decode(data ?? MediaFile.read(files[0]))
            let colour = picture.format == .rgb ? picture.pixels : picture.pixels.flatMap { [$0, $0, $0] }
            var canvas = Canvas(width: picture.width, height: picture.height, pixels: colour)
            Annotation.draw(answer, on: &canvas, top: top ?? 3)
            let file = try JPEGEncoder.encode(Picture(width: canvas.width, height: canvas.height, format: .rgb, pixels: canvas.pixels), quality: 92)
            try OutputFile.write(file, to: path)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure("cannot draw on \(files[0]): \(error)", code: ExitStatus.cannotCreate)
        }
    }
}
