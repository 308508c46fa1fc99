package import MienEstimation
package import MienWire

/// What a host is made of.
package struct HostConfiguration: Sendable {
    package var version: String
    /// The estimators, introduced by the command.
    package var estimators: [EstimatorFactory]
    package var models: any ModelLibrary
    /// Processor features and chosen kernels, as `GetInfo` and trailing metadata tell them.
    package var features: [String] = []
    package var kernels = ""
    /// Processors that computations may use.
    package var threads = 1
    /// Ids of estimators to load at the start instead of at first use.
    package var preload: [String] = []
    package var limits = WireLimits()
    /// How long running calls may take to end when the host drains.
    package var drainLimit = Duration.seconds(2)
    /// Bytes of pictures and recordings that may wait for a thread.
    package var waitingBytes = 256 << 20
    package var traceDirectory: String?

    package init(version: String, estimators: [EstimatorFactory], models: any ModelLibrary) {
        self.version = version
        self.estimators = estimators
        self.models = models
    }
}

/// Answers the calls of one connection: registry, services and router, put together.
package final class Host: Sendable {
    package let registry: EstimatorRegistry
    package let log: HostLog
    private let configuration: HostConfiguration
    private let lifecycle = Lifecycle()
    private let lanes: ComputeLanes
    private let budget: ByteBudget
    private let connection = Locked<Connection?>(nil)

    package init(_ configuration: HostConfiguration, log: HostLog) {
        self.configuration = configuration
        self.log = log
        lanes = ComputeLanes(count: max(configuration.threads, 1))
        budget = ByteBudget(limit: configuration.waitingBytes)
        registry = EstimatorRegistry(configuration.estimators, models: configuration.models, lanes: lanes, log: log, bell: lifecycle.bell)
    }

    /// Serves the peer at the other end of two pipes until the connection ends.
    package func serve(input: CInt, output: CInt) async -> ConnectionEnd {
        var wire = ConnectionConfiguration(role: .host, peerName: "mien", peerVersion: configuration.version)
        wire.limits = configuration.limits
        wire.drainLimit = configuration.drainLimit
        wire.traceDirectory = configuration.traceDirectory
        let router = router()
        let connection = Connection(input: input, output: output, configuration: wire) { (path) throws(CallError) in try router.handler(path) }
        self.connection.withLock { $0 = connection }
        connection.start()
        for id in configuration.preload {
            // A failure is logged by the registry, and told to whoever asks for the estimator.
            Task { _ = try? await registry.estimator(id) }
        }
        let end = await connection.waitUntilEnded()
        _ = lifecycle.beginDraining()
        log.close()
        self.connection.withLock { $0 = nil }
        return end
    }

    /// Takes no further calls and lets the running ones end; `serve` returns after that.
    package func drain(reason: String) async {
        guard lifecycle.beginDraining() else { return }
        log.notice("draining: \(reason)")
        log.close()
        await connection.withLock { $0 }?.drain(limit: configuration.drainLimit, reason: reason)
    }

    /// Ends at once.
    package func abort(reason: String) {
        connection.withLock { $0 }?.abort(reason: reason)
    }

    private var openCalls: Int { connection.withLock { $0 }?.openCalls ?? 0 }

    /// The table of all methods. Closures hold the host weakly where they need all of it, since the connection holds them.
    func router() -> Router {
        let info = HostInfo(
            configuration: configuration, registry: registry, lifecycle: lifecycle, log: log,
            openCalls: { [weak self] in self?.openCalls ?? 0 },
            drain: { [weak self] reason in
                guard let self else { return }
                Task { await self.drain(reason: reason) }
            })
        let faces = FaceEstimation(registry: registry, log: log), voices = VoiceEstimation(registry: registry, log: log)
        let kernels = configuration.kernels
        let pictures = Estimation(lanes: lanes, budget: budget, kernels: kernels, log: log) { try await faces.estimate($0, $1, &$2) }
        let recordings = Estimation(lanes: lanes, budget: budget, kernels: kernels, log: log) { try await voices.estimate($0, $1, &$2) }
        let streams = VoiceWatching(registry: registry, kernels: kernels, log: log)
        let health = Health(registry: registry, lifecycle: lifecycle, services: [estimationService, HostInfo.name, Diagnostics.name, Health.name])
        var router = Router(log: log)
        router.add(estimationService, pictures.methods(one: "EstimateFace", many: "EstimateFaces"))
        router.add(estimationService, recordings.methods(one: "EstimateVoice", many: "EstimateVoices"))
        router.add(estimationService, streams.methods)
        router.add(HostInfo.name, info.methods)
        router.add(Health.name, health.methods)
        router.add(Diagnostics.name, Diagnostics.methods)
        return router
    }
}
