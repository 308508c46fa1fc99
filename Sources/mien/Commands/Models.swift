import ArgumentParser
import MienModels
import MienNetworks

struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, pull, pack, verify, import and remove models.",
        discussion: "Models live under $MIEN_HOME, by default ~/.local/share/mien. They are only ever fetched by mien models pull.",
        subcommands: [List.self, Pull.self, Pack.self, Verify.self, Import.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the models of the catalogue and whether they are installed.")
        @Flag(help: "Also show licence, attribution, home page and folder.") var long = false

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let listings = store.list()
                let terminal = Terminal(descriptor: 1)
                say(modelTable(listings).render(terminal).joined(separator: "\n"))
                for listing in listings where long { say("\n" + modelDetails(listing, terminal).joined(separator: "\n")) }
                for case .damaged(let what) in listings.map(\.state) { complain(what) }
            }
        }
    }

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch models; all that estimators need if none is named.",
            discussion: """
                An interrupted pull goes on where it stopped. Files are checked before they are used.

                MIEN_HUB (or HF_ENDPOINT) names a mirror of the model hub, HF_TOKEN (or HUGGING_FACE_HUB_TOKEN, MIEN_HUB_TOKEN) holds a token for it, \
                http_proxy, https_proxy and no_proxy work as with curl.
                """)
        @Argument(help: "Ids of models, as mien models list shows them.") var models: [String] = []
        @Flag(help: "Fetch again what is installed; of the hub's repositories the newest.") var force = false

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let needed = store.catalogue.models.filter { model in
                    if case .packed = model.contents { false } else { !model.isOptional }
                }.map(\.id)
                for id in models.isEmpty ? needed : models {
                    let progress = Progress()
                    var options = PullOptions()
                    options.force = force
                    options.onProgress = { show($0, on: progress) }
                    do throws(ModelStoreError) {
                        let result = try await store.pull(id, options: options)
                        progress.clear()
                        say(result == .pulled ? "\(id): pulled" : "\(id): already installed")
                    } catch {
                        progress.clear()
                        throw failure(error)
                    }
                }
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Check installed models against their digests; all if none is named.")
        @Argument(help: "Ids of models, or files that mien models pack wrote.") var models: [String] = []

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let ids = models.isEmpty ? store.list().filter { $0.state != .absent }.map(\.model.id) : models
                if ids.isEmpty { say("no model is installed") }
                var failed = false
                for id in ids {
                    do {
                        if id.hasSuffix(".mien") { try PackedFile(path: absolute(id), contents: nil).verify() } else { try store.verify(id) }
                        say("\(id): right")
                    } catch let error as ModelStoreError where error.code == .unknownModel {
                        throw failure(error)
                    } catch {
                        complain("\(error)")
                        failed = true
                    }
                }
                if failed { throw ExitCode(ExitStatus.someFailed) }
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Install a model from files at hand.",
            discussion: """
                For machines without a network. Names do not matter where the catalogue states each file's SHA-256.

                Models made of the hub's repositories have no digests here. With --folder their files are taken by name, from DIR/encoder/config.json and so on, as \
                mien models list --long shows, and their digests are recorded as they are. mien models verify will then find damage since the import, \
                but cannot say whether the files are the publisher's: that is your word.
                """)
        @Argument(help: "Id of the model.") var model: String
        @Argument(help: "The files of the model.", completion: .file()) var files: [String] = []
        @Option(help: ArgumentHelp("Folder with the files of the model's repositories.", valueName: "dir"), completion: .directory) var folder: String?

        func validate() throws {
            guard files.isEmpty != (folder == nil) else {
                throw ValidationError("Name the model's files, or a folder with --folder; one of the two.")
            }
        }

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let progress = Progress()
                var options = PullOptions()
                options.onProgress = { show($0, on: progress) }
                do throws(ModelStoreError) {
                    if let folder {
                        try await store.importFolder(absolute(folder), model: model, options: options)
                    } else {
                        try await store.importFiles(files.map(absolute), model: model, options: options)
                    }
                    progress.clear()
                    say("\(model): imported")
                } catch {
                    progress.clear()
                    throw failure(error)
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove models from this machine.")
        @Argument(help: "Ids of models.") var models: [String]

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                for id in models {
                    do throws(ModelStoreError) {
                        say(try await store.remove(id) ? "\(id): removed" : "\(id): was not installed")
                    } catch {
                        throw failure(error)
                    }
                }
            }
        }
    }
}

private func show(_ state: PullProgress, on progress: Progress) {
    let label = pullLabel(state)
    let (done, total) = state.whole.map { ($0.bytes, $0.total) } ?? (state.bytes, state.total)
    progress.update(label, done: Int64(done), total: total > 0 ? Int64(total) : nil, unit: byteText)
}

func failure(_ error: ModelStoreError) -> Failure {
    let code: Int32
    switch error.code {
    case .unknownModel: code = ExitStatus.usage
    case .notInstalled, .damaged, .sourcesFailed: code = ExitStatus.unavailable
    case .wrongFile: code = ExitStatus.noInput
    case .diskFull, .fileSystem: code = ExitStatus.inputOutput
    case .badCatalogue: code = ExitStatus.software
    case .cancelled: code = ExitStatus.someFailed
    }
    return Failure(error.description, code: code)
}
