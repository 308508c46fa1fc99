import ArgumentParser
import MienModels

struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, pull, verify, import and remove models.",
        discussion: "Models live under $MIEN_HOME, by default ~/.local/share/mien. They are only ever fetched by mien models pull.",
        subcommands: [List.self, Pull.self, Verify.self, Import.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the models of the catalogue and whether they are installed.")
        @Flag(help: "Also show licence, attribution, home page and folder.") var long = false

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let terminal = Terminal(descriptor: 1)
                let listings = store.list()
                var table = Table([.init("MODEL"), .init("VERSION"), .init("STATE"), .init("SIZE", alignedRight: true), .init("LICENCE"),
                                   .init("WHAT IT IS", shrinks: true)])
                for listing in listings {
                    let model = listing.model
                    table.add([.init(model.id, .bold), .init(model.version), state(listing), .init(byteText(Int64(model.totalBytes))),
                               .init(model.licence), .init(model.summary)])
                }
                say(table.render(terminal).joined(separator: "\n"))
                for listing in listings where long {
                    say("\n\(terminal.styled(listing.model.id, .bold))\n  \(listing.model.attribution)\n  \(listing.model.homepage)\n  \(listing.folder)")
                }
                for case .damaged(let what) in listings.map(\.state) { complain(what) }
            }
        }

        private func state(_ listing: ModelStore.Listing) -> Table.Cell {
            switch listing.state {
            case .installed: .init("installed", .green)
            case .damaged: .init("damaged", .red)
            case .absent where listing.partialBytes > 0: .init("begun, \(byteText(Int64(listing.partialBytes)))", .yellow)
            case .absent: listing.model.isOptional ? .init("optional", .dim) : .init("missing", .yellow)
            }
        }
    }

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Fetch models; all that estimators need if none is named.",
                                                        discussion: "An interrupted pull goes on where it stopped. Files are checked before they are used.")
        @Argument(help: "Ids of models, as mien models list shows them.") var models: [String] = []
        @Flag(help: "Fetch again what is installed.") var force = false

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let needed = store.catalogue.models.filter { !$0.isOptional }.map(\.id)
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
        @Argument(help: "Ids of models.") var models: [String] = []

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let ids = models.isEmpty ? store.list().filter { $0.state != .absent }.map(\.model.id) : models
                if ids.isEmpty { say("no model is installed") }
                var failed = false
                for id in ids {
                    do throws(ModelStoreError) {
                        try store.verify(id)
                        say("\(id): right")
                    } catch {
                        if error.code == .unknownModel { throw failure(error) }
                        complain(error.description)
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
            discussion: "For machines without a network. Names do not matter: each file is known by its SHA-256, which mien models list --long and the catalogue state.")
        @Argument(help: "Id of the model.") var model: String
        @Argument(help: "The files of the model.", completion: .file()) var files: [String]

        func run() async throws {
            try await running {
                let store = try BuiltIn.store()
                let progress = Progress()
                var options = PullOptions()
                options.onProgress = { show($0, on: progress) }
                do throws(ModelStoreError) {
                    try await store.importFiles(files.map(absolute), model: model, options: options)
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
    let what: String
    switch state.phase {
    case .waiting: what = "waiting for another mien"
    case .downloading: what = "downloading"
    case .preparingTools: what = "preparing \(state.source)"
    case .converting: what = "converting"
    case .verifying: what = "verifying"
    case .fileDone: what = "done"
    }
    let name = state.file.isEmpty ? state.model : "\(state.model)/\(state.file)"
    progress.update("\(name): \(what)", done: Int64(state.bytes), total: state.total > 0 ? Int64(state.total) : nil, unit: byteText)
}

private func failure(_ error: ModelStoreError) -> Failure {
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
