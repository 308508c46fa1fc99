import CPluginABI
import MienEstimation
import MienHost
import MienMessages
import MienWire

/// A plugin in a library, in this process.
///
/// The library is loaded at the first question. One that answers no other question meanwhile keeps callers waiting in line; nothing can end it but its own heed of
/// `is_cancelled`, or its crash, which is the host's.
final class LibraryEndpoint: PluginEndpoint {
    private struct State {
        var library: LoadedLibrary?
        var opened: [String: Opened] = [:]
        /// Questions that the plugin works on or that wait for it.
        var asked = 0
        var isClosed = false
    }

    /// What `open` made. Only the plugin looks at it.
    private struct Opened: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer?
    }

    private let library: PluginManifest.Library
    private let services: HostServices
    private let state = Locked(State())
    /// For those who load the library or call `open`.
    private let loading = Turn()
    /// For those who ask a plugin that answers one question at a time.
    private let asking = Turn()

    init(_ plugin: PluginFolder, _ library: PluginManifest.Library, log: HostLog) {
        self.library = library
        services = HostServices(plugin, log: log)
    }

    private var id: String { services.plugin.manifest.id }

    // MARK: Questions

    func describe(_ context: EstimationContext) throws -> Proto.PluginDescription {
        try counted { try load(context).description }
    }

    func warm(_ request: Proto.WarmPluginRequest, _ context: EstimationContext) throws {
        try using(request.estimator, context) { _, _ in }
    }

    func estimateFaces(_ request: Proto.PluginFacesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings {
        guard let estimator = estimator(request.estimator), case .face(let input)? = estimator.input else { throw unknown(request.estimator, "faces") }
        try checkBatch(request.faces.count, estimator, "faces")
        let (width, height, channels) = (Int(input.width), Int(input.height), input.format == .gray8 ? 1 : 3)
        guard request.faces.allSatisfy({ $0.count == width * height * channels }) else {
            throw CallError(.invalidArgument, "faces for \(request.estimator) have \(width) x \(height) pixels of \(channels) bytes", field: "faces")
        }
        return try using(request.estimator, context) { library, opened in
            let question = LibraryQuestion(services, estimator: request.estimator, .faces(request.faces, width: width, height: height, channels: channels),
                                           categories: request.categories, neutral: [], context)
            return try ask(question, opened, library.table.estimate_faces)
        }
    }

    func estimateVoices(_ request: Proto.PluginVoicesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings {
        guard let estimator = estimator(request.estimator), case .voice(let input)? = estimator.input else { throw unknown(request.estimator, "voices") }
        try checkBatch(request.clips.count, estimator, "clips")
        let stride = MemoryLayout<Float>.stride, longest = Int(input.maximumSeconds * Float(input.rate)) * stride
        guard request.clips.allSatisfy({ !$0.isEmpty && $0.count <= longest && $0.count % stride == 0 }) else {
            throw CallError(.invalidArgument, "clips for \(request.estimator) are samples of \(stride) bytes, at least one and at most \(longest / stride)", field: "clips")
        }
        return try using(request.estimator, context) { library, opened in
            let question = LibraryQuestion(services, estimator: request.estimator, .clips(request.clips, rate: Int(input.rate)), categories: request.categories,
                                           neutral: request.neutral, context)
            return try ask(question, opened, library.table.estimate_voices)
        }
    }

    /// Of what callers send nothing reaches the plugin that its manifest does not announce: it may have made room for no more.
    private func checkBatch(_ count: Int, _ estimator: Proto.PluginEstimator, _ what: String) throws(CallError) {
        guard (1...Int(estimator.batch)).contains(count) else {
            throw CallError(.invalidArgument, "\(estimator.id) was asked about \(count) \(what), and takes 1 to \(estimator.batch)", field: what)
        }
    }

    private func estimator(_ id: String) -> Proto.PluginEstimator? { services.plugin.manifest.estimators.first { $0.id == id } }

    private func unknown(_ estimator: String, _ what: String) -> CallError {
        CallError(.notFound, "plugin \(id) has no estimator \"\(estimator)\" that reads \(what)", reason: "ESTIMATOR_UNKNOWN")
    }

    private typealias Function = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<mien_question>?, OpaquePointer?, UnsafeMutablePointer<CChar>?, Int) -> mien_status

    private func ask(_ question: LibraryQuestion, _ opened: Opened, _ function: Function?) throws -> Proto.PluginReadings {
        guard let function else { preconditionFailure("the table has been checked") }
        let (status, words) = withMessage { message in question.ask { function(opened.pointer, $0, $1, message.start, message.size) } }
        guard Int(status) == MIEN_OK else {
            if Int(status) == MIEN_CANCELLED { try question.context.checkCancellation() }
            throw failure(status, words)
        }
        return question.answer
    }

    private func failure(_ status: mien_status, _ words: String) -> CallError {
        let code: StatusCode = switch Int(status) {
        case MIEN_NO_MEMORY, MIEN_TOO_MUCH: .resourceExhausted
        case MIEN_UNSUPPORTED: .unimplemented
        default: .internalError
        }
        return CallError(code, "plugin \(id) failed: \(words.isEmpty ? Self.meaning(status) : words)", reason: "PLUGIN_ERROR",
                         facts: [MetadataEntry("plugin", id), MetadataEntry("plugin_status", String(status))])
    }

    private static func meaning(_ status: mien_status) -> String {
        switch Int(status) {
        case MIEN_FAILED: "it does not say why"
        case MIEN_INVALID: "it was given or has used something invalid, and does not say what"
        case MIEN_TOO_MUCH: "it was too much, and it does not say what"
        case MIEN_NOT_FOUND: "it has not found something, and does not say what"
        case MIEN_NO_MEMORY: "it has no memory"
        case MIEN_CANCELLED: "it says that nobody waits for the answer, but somebody does"
        case MIEN_UNSUPPORTED: "it does not do that"
        default: "it gave status \(status), which has no meaning"
        }
    }

    // MARK: Loading

    /// Counts a question as long as it lasts, so that nothing is taken from under it.
    private func counted<Result>(_ body: () throws -> Result) throws -> Result {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.asked += 1 }
            return !state.isClosed
        }
        guard isOpen else { throw CallError(.unavailable, "the host is shutting down", reason: "DRAINING") }
        defer { state.withLock { $0.asked -= 1 } }
        return try body()
    }

    /// Runs `body` with an estimator that is ready, alone if the plugin wants that.
    private func using<Result>(_ estimator: String, _ context: EstimationContext, _ body: (LoadedLibrary, Opened) throws -> Result) throws -> Result {
        try counted {
            let library = try load(context)
            guard !library.isThreadSafe else { return try body(library, try open(estimator, library, context)) }
            return try asking.take(context) { try body(library, try open(estimator, library, context)) }
        }
    }

    private func load(_ context: EstimationContext) throws -> LoadedLibrary {
        if let loaded = state.withLock({ $0.library }) { return loaded }
        return try loading.take(context) {
            if let loaded = state.withLock({ $0.library }) { return loaded }
            let loaded = try LoadedLibrary(library, of: services)
            state.withLock { $0.library = loaded }
            services.write(UInt32(MIEN_INFO), "library loaded")
            return loaded
        }
    }

    private func open(_ estimator: String, _ library: LoadedLibrary, _ context: EstimationContext) throws -> Opened {
        if let opened = state.withLock({ $0.opened[estimator] }) { return opened }
        guard self.estimator(estimator) != nil else { throw unknown(estimator, "anything") }
        return try loading.take(context) {
            if let opened = state.withLock({ $0.opened[estimator] }) { return opened }
            var pointer: UnsafeMutableRawPointer?
            if let open = library.table.open {
                let (status, words) = withMessage { open(services.table, estimator, &pointer, $0.start, $0.size) }
                guard Int(status) == MIEN_OK else {
                    throw CallError(.failedPrecondition, "plugin \(id) cannot be used: \(estimator) cannot be opened: \(words.isEmpty ? Self.meaning(status) : words)",
                                    reason: "LIBRARY_OPEN_FAILED", facts: [MetadataEntry("plugin", id), MetadataEntry("plugin_status", String(status))])
                }
            }
            let opened = Opened(pointer: pointer)
            state.withLock { $0.opened[estimator] = opened }
            return opened
        }
    }

    // MARK: The end

    /// A library is in this process or cannot be used at all; there is no while to wait for.
    var obstacle: String? { nil }
    func whenObstacleChanges(_ body: @escaping @Sendable () -> Void) {}

    /// How long questions may go on when the host ends.
    private static let patience = Duration.seconds(5)
    private static let closer = ComputeLanes(count: 1)

    func close() async {
        state.withLock { $0.isClosed = true }
        // Whoever waits for this may go away; the end goes on.
        await Task {
            let end = ContinuousClock.now + Self.patience
            while state.withLock({ $0.asked }) > 0 {
                guard ContinuousClock.now < end else {
                    services.write(UInt32(MIEN_WARNING), "still works on a question, and is left as it is")
                    return
                }
                try? await Task.sleep(for: .milliseconds(5))
            }
            let (library, opened) = state.withLock { state in
                defer { state.opened = [:] }
                return (state.library, Array(state.opened.values))
            }
            let services = services
            _ = try? await Self.closer.run { _ in
                for opened in opened { library?.table.close?(opened.pointer) }
                services.release()
            }
        }.value
    }
}
