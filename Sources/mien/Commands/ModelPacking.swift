import ArgumentParser
import EmpathicFace
import EmpathicVoice
import InferenceCore
import MienMedia
import MienModels
import MienNetworks

extension Models {
    struct Pack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make one file of a pulled model, as this machine's kernels want it.",
            discussion: """
                Weights are laid out for the processor at hand and rounded to the precision that is asked for; the file is mapped into memory and opens in \
                milliseconds. It is for processors of this kind only: pack again on another.

                With --measure every score is also computed at f32 for the given pictures or recordings, and the differences are shown and kept in the file.
                """)

        @Argument(help: "empathic-face or empathic-voice.") var model: String
        @Option(help: ArgumentHelp("Which of the pulled models to pack; by default the first that is installed.", valueName: "id")) var source: String?
        @Option(help: ArgumentHelp("Pack a folder with encoder/ and heads/ in it, in place of a pulled model.", valueName: "folder"), completion: .directory)
        var from: String?
        @Option(help: "f32, f16 or int8. By default int8.") var precision = "int8"
        @Option(name: .customLong("out"), help: ArgumentHelp("Write the file there, in place of installing it.", valueName: "file"), completion: .file(extensions: ["mien"]))
        var output: String?
        @Option(parsing: .upToNextOption, help: ArgumentHelp("Pictures (recordings) to measure the differences on.", valueName: "file"), completion: .file())
        var measure: [String] = []

        func validate() throws {
            guard Precision(rawValue: precision) != nil else { throw ValidationError("--precision is \(precision); it must be f32, f16 or int8") }
            guard [FacePacking.model, VoicePacking.model].contains(model) else {
                throw ValidationError("no model called \(model) is packed; there are \(FacePacking.model) and \(VoicePacking.model)")
            }
            if source != nil, from != nil { throw ValidationError("--source and --from exclude one another") }
        }

        func run() async throws {
            try await running {
                let store = try BuiltIn.store(), progress = Progress()
                do {
                    let (folder, origin) = try place(store)
                    let path = try output.map(OutputFile.temporary) ?? store.packedStagingPath(model)
                    do {
                        let drift = try pack(folder, origin, to: path, progress)
                        if let output {
                            try OutputFile.move(path, to: output)
                        } else {
                            progress.update("\(model): installing", done: 0, total: nil) { _ in "" }
                            try await store.installPacked(model)
                        }
                        progress.clear()
                        report(drift)
                        say("\(model): packed at \(precision) from \(origin): \(try output ?? store.packedPath(model))")
                    } catch {
                        OutputFile.remove(path)
                        throw error
                    }
                } catch let error as ModelStoreError {
                    progress.clear()
                    throw failure(error)
                } catch let error as ModelFileError {
                    progress.clear()
                    throw Failure("\(error)", code: ExitStatus.noInput)
                }
            }
        }

        /// Folder of the weights, and what to call them.
        private func place(_ store: ModelStore) throws -> (folder: String, origin: String) {
            if let from { return (absolute(from), "files at hand") }
            let candidates = try source.map { [$0] } ?? store.packedSources(model)
            for id in candidates where source != nil || store.list().contains(where: { $0.model.id == id && $0.state == .installed }) {
                let files = try store.files(of: id)
                guard let first = files.first(where: { $0.name.hasPrefix("heads/") }) else { throw Failure("model \(id) has no heads", code: ExitStatus.unavailable) }
                return (String(first.path.dropLast(first.name.count + 1)), "\(id)@\(try store.catalogue.model(id).version)")
            }
            throw Failure("none of the models that \(model) is packed from is installed; run: mien models pull \(candidates[0])", code: ExitStatus.unavailable)
        }

        private func pack(_ folder: String, _ origin: String, to path: String, _ progress: Progress) throws -> [HeadDrift] {
            let precision = Precision(rawValue: precision)!
            func show(_ part: String, _ done: Int, _ total: Int) {
                progress.update("\(model): \(part)", done: Int64(done), total: total > 1 ? Int64(total) : nil) { total > 1 ? "\($0) heads" : "" }
            }
            if model == FacePacking.model {
                let pictures = try measure.map { file in
                    do { return try Picture.decode(MediaFile.read(absolute(file))) } catch { throw Failure("\(file): \(error)", code: ExitStatus.noInput) }
                }
                return try FacePacking.pack(folder, to: path, precision: precision, origin: origin, measuring: pictures, progress: show)
            }
            let clips = try measure.map { file in
                do { return try AudioSource(path: absolute(file)).beginning(30 * AudioSource.sampleRate) } catch { throw Failure("\(file): \(error)", code: ExitStatus.noInput) }
            }
            return try VoicePacking.pack(folder, to: path, precision: precision, origin: origin, measuring: clips, progress: show)
        }

        private func report(_ drift: [HeadDrift]) {
            guard !drift.isEmpty else {
                if precision != "f32" { complain("no inputs were given with --measure: what rounding changes was not measured") }
                return
            }
            var table = Table([.init("HEAD"), .init("MEAN DIFFERENCE", alignedRight: true), .init("LARGEST", alignedRight: true)])
            for head in drift { table.add([.init(head.name), .init(fixed(head.mean, 4)), .init(fixed(head.largest, 4))]) }
            say(table.render(Terminal(descriptor: 1)).joined(separator: "\n"))
            let mean = drift.reduce(0) { $0 + $1.mean } / Float(drift.count)
            say("mean of all: \(fixed(mean, 4)), in units of the scores, over \(measure.count) \(measure.count == 1 ? "input" : "inputs")")
        }
    }
}
