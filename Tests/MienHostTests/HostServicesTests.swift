import MienClient
import MienEstimation
@testable import MienHost
import MienMessages
import MienReflection
import MienWire
import Testing

@Suite(.timeLimit(.minutes(3))) struct HostServicesTests {
    @Test func infoTellsWhatTheHostIs() async throws {
        let pair = HostPair()
        let info = try await pair.client.info()
        #expect(info.version == "1.2.3")
        #expect(info.protocolMajor == 1)
        #expect(info.pid > 0)
        #expect(info.processor?.kernels == "scalar")
        #expect(info.processor?.features == ["none"])
        #expect(info.processor?.threads == 2)
        #expect(info.limits?.maxMessageBytes == 64 << 20)
        #expect(info.openCalls == 1)
        await pair.close()
    }

    @Test func estimatorsAreListedWithTheirStateAndModels() async throws {
        let models = FakeModels(missing: ["gone"])
        let pair = HostPair([FakeFaces.factory("a", models: ["here"]), FakeFaces.factory("b", models: ["here", "gone"]), FakeFaces.factory("c")], models: models)
        var list = try await pair.client.estimators()
        #expect(list.map(\.id) == ["a", "b", "c"])
        #expect(list.map(\.state) == [.idle, .unavailable, .idle])
        #expect(list[1].stateDetail == "model gone is missing; run: mien models pull gone")
        #expect(list[1].models == [
            Proto.ModelInfo(id: "here", version: "3", license: "MIT", attribution: "Somebody", installed: true),
            Proto.ModelInfo(id: "gone", version: "3", license: "MIT", attribution: "Somebody", installed: false),
        ])
        #expect(list[0].categories == ["Anger"])
        #expect(list[0].nativeLabels == ["angry"])
        #expect(list[0].modality == .face)
        _ = try await pair.client.estimateFace(.gray(estimator: "c"))
        models.install("gone")
        list = try await pair.client.estimators()
        #expect(list.map(\.state) == [.idle, .idle, .ready])
        await pair.close()
    }

    @Test func preloadedEstimatorsBecomeReadyByThemselves() async throws {
        let pair = HostPair([FakeFaces.factory("a"), FakeFaces.factory("b")]) { $0.preload = ["b"] }
        while pair.host.registry.stage("b") != .ready { await Task.yield() }
        #expect(pair.host.registry.stage("a") == .idle)
        await pair.close()
    }

    @Test func theDescriptorsNameEveryMethodThatTheRouterHas() async throws {
        let pair = HostPair()
        let bytes = try await pair.client.descriptors()
        let methods = try DescriptorPool(fileDescriptorSet: bytes).services.flatMap(\.methods)
        // A host asks mien.v1.Plugin, and does not answer it.
        let own = methods.filter { !$0.path.hasPrefix("/mien.v1.Plugin/") }
        for method in own { _ = try pair.host.router().handler(method.path) }
        #expect(own.count == 17 && methods.count == 21)
        await pair.close()
    }

    @Test func unknownServicesAndMethodsAreUnimplementedByName() async {
        let pair = HostPair()
        let service = await pair.failure("/mien.v1.Nothing/Do")
        #expect(service?.code == .unimplemented)
        #expect(service?.message.hasPrefix("no service \"mien.v1.Nothing\"") == true)
        let method = await pair.failure("/mien.v1.Host/Do")
        #expect(method?.code == .unimplemented)
        #expect(method?.message.hasPrefix("service mien.v1.Host has no method \"Do\"") == true)
        await pair.close()
    }

    @Test func logLinesReachAWatcherFromItsLevelOn() async throws {
        let log = HostLog(level: 7, descriptor: -1)
        let pair = HostPair(log: log)
        let stream = try await pair.client.watchLogs(from: .warning)
        while !log.isWanted(5) { await Task.yield() }
        log.info("quiet")
        log.warning("loud", source: "estimator/x")
        let line = try await stream.next()
        #expect(line?.message == "loud")
        #expect(line?.level == .warning)
        #expect(line?.source == "estimator/x")
        #expect((line?.timeUs ?? 0) > 1_600_000_000_000_000)
        stream.cancel()
        await pair.close()
    }

    @Test func anUnknownLogLevelIsAnInvalidArgument() async throws {
        let pair = HostPair()
        let stream = try await pair.client.watchLogs(from: .init(rawValue: 42))
        await #expect { _ = try await stream.next() } throws: { ($0 as? CallError)?.field == "minimum_level" }
        await pair.close()
    }

    @Test func drainLetsRunningCallsEndAndEndsWatches() async throws {
        let gate = Gate()
        let pair = HostPair([FakeFaces.factory { picture, _, _ in gate.wait(); return FakeFaces.answer(picture) }]) { $0.drainLimit = .seconds(30) }
        let running = Task { try await pair.client.estimateFace(.gray()) }
        await gate.someoneWaits()
        let logs = try await pair.client.watchLogs(from: .critical)
        #expect(try await pair.client.drain() >= 1)
        #expect(try await logs.next() == nil)
        gate.open()
        #expect(try await running.value.message.estimates.count == 1)
        #expect(await pair.close() == .drained)
    }
}

@Suite(.timeLimit(.minutes(3))) struct HealthTests {
    @Test func knownNamesHaveAStatusAndUnknownOnesAreNotFound() async throws {
        let pair = HostPair([FakeFaces.factory("a"), FakeFaces.factory("b", models: ["gone"])], models: FakeModels(missing: ["gone"]))
        for name in ["", "mien.v1.Estimation", "mien.v1.Host", "grpc.health.v1.Health", "estimator/a"] {
            #expect(try await pair.client.health(name) == .serving)
        }
        #expect(try await pair.client.health("estimator/b") == .notServing)
        let error = await pair.failure("/grpc.health.v1.Health/Check", Proto.HealthCheckRequest(service: "nope").encoded())
        #expect(error?.code == .notFound)
        #expect(error?.message == "no service \"nope\" to report on")
        await pair.close()
    }

    @Test func listTellsAllOfThem() async throws {
        let pair = HostPair()
        let bytes = try await pair.client.connection.unary("/grpc.health.v1.Health/List", []).message
        let list = try Proto.HealthListResponse(decoding: bytes)
        #expect(Set(list.statuses.keys) == ["", "mien.v1.Estimation", "mien.v1.Host", "mien.v1.Diagnostics", "grpc.health.v1.Health", "estimator/fake"])
        #expect(list.statuses.values.allSatisfy { $0.status == .serving })
        await pair.close()
    }

    private func watch(_ pair: HostPair, _ service: String) async throws -> OutgoingCall {
        let call = try await pair.client.connection.call("/grpc.health.v1.Health/Watch")
        try await call.send(Proto.HealthCheckRequest(service: service).encoded())
        call.halfClose()
        return call
    }

    private func next(_ call: OutgoingCall) async throws -> Proto.HealthCheckResponse.ServingStatus? {
        try await call.next().map { try Proto.HealthCheckResponse(decoding: $0).status }
    }

    @Test func aWatchTellsTheStatusNowAndAtEveryChangeUntilTheHostDrains() async throws {
        let gate = Gate()
        let pair = HostPair([FakeFaces.factory("a", loading: gate)])
        let call = try await watch(pair, "estimator/a")
        #expect(try await next(call) == .serving)
        let request = Task { try await pair.client.estimateFace(.gray()) }
        #expect(try await next(call) == .notServing)
        gate.open()
        #expect(try await next(call) == .serving)
        _ = try await request.value
        _ = try await pair.client.drain()
        #expect(try await next(call) == .notServing)
        #expect(try await next(call) == nil)
        await pair.close()
    }

    @Test func anUnknownServiceIsWatchedAllTheSame() async throws {
        let pair = HostPair()
        let call = try await watch(pair, "later")
        #expect(try await next(call) == .serviceUnknown)
        call.cancel()
        await pair.close()
    }
}

@Suite(.timeLimit(.minutes(3))) struct DiagnosticsTests {
    private func echo(_ pair: HostPair, _ request: Proto.EchoRequest, timeout: Duration? = nil) async throws -> [UInt8] {
        let bytes = try await pair.client.connection.unary("/mien.v1.Diagnostics/Echo", request.encoded(), timeout: timeout).message
        return try Proto.EchoResponse(decoding: bytes).payload
    }

    @Test func echoGivesBackWhatItGets() async throws {
        let pair = HostPair()
        for size in [0, 1, 1024, 200_000, 3_000_000] {
            let payload = [UInt8](repeating: 7, count: size)
            #expect(try await echo(pair, Proto.EchoRequest(payload: payload)) == payload)
        }
        await pair.close()
    }

    @Test func aDelayedEchoDoesNotHoldUpOthers() async throws {
        let pair = HostPair()
        let slow = Task { try await echo(pair, Proto.EchoRequest(payload: [1], delayMs: 60_000)) }
        while try await pair.client.info().openCalls < 2 {}
        #expect(try await echo(pair, Proto.EchoRequest(payload: [2])) == [2])
        slow.cancel()
        _ = await slow.result
        #expect(try await echo(pair, Proto.EchoRequest(payload: [3], delayMs: 1)) == [3])
        await pair.close()
    }

    @Test func aDelayedEchoObeysItsDeadline() async {
        let pair = HostPair()
        await #expect { try await echo(pair, Proto.EchoRequest(delayMs: 60_000), timeout: .milliseconds(30)) } throws: {
            ($0 as? CallError)?.code == .deadlineExceeded
        }
        await pair.close()
    }

    @Test(arguments: 1...16) func aStatusOnRequestArrivesAsItIs(code: UInt32) async {
        let pair = HostPair()
        let error = await pair.failure("/mien.v1.Diagnostics/Echo", Proto.EchoRequest(statusCode: code, statusMessage: "tést\t\u{1F600}").encoded())
        #expect(error?.code == StatusCode(rawValue: code))
        #expect(error?.message == "tést\t\u{1F600}")
        await pair.close()
    }

    @Test func collectSumsAndExpandRepeats() async throws {
        let pair = HostPair()
        let collect = try await pair.client.connection.call("/mien.v1.Diagnostics/Collect")
        for size in 1...10 { try await collect.send(Proto.EchoRequest(payload: [UInt8](repeating: 0, count: size)).encoded()) }
        collect.halfClose()
        let sum = try await collect.next()
        #expect(try sum.map { try Proto.CollectResponse(decoding: $0) } == Proto.CollectResponse(messages: 10, bytes: 55))
        let expand = try await pair.client.connection.call("/mien.v1.Diagnostics/Expand")
        try await expand.send(Proto.ExpandRequest(count: 5, bytes: 100_000).encoded())
        expand.halfClose()
        var count = 0
        while let bytes = try await expand.next() {
            count += 1
            #expect(try Proto.EchoResponse(decoding: bytes).payload.count == 100_000)
        }
        #expect(count == 5)
        await pair.close()
    }

    @Test func expandRefusesAnAnswerBeyondItsLimit() async throws {
        let pair = HostPair()
        let call = try await pair.client.connection.call("/mien.v1.Diagnostics/Expand")
        try await call.send(Proto.ExpandRequest(count: 1, bytes: .max).encoded())
        call.halfClose()
        await #expect { _ = try await call.next() } throws: { ($0 as? CallError)?.field == "bytes" }
        await pair.close()
    }

    @Test func echoStreamAnswersInOrder() async throws {
        let pair = HostPair()
        let call = try await pair.client.connection.call("/mien.v1.Diagnostics/EchoStream")
        for value in UInt8(0)..<100 {
            try await call.send(Proto.EchoRequest(payload: [value]).encoded())
            #expect(try await call.next().map { try Proto.EchoResponse(decoding: $0).payload } == [value])
        }
        call.halfClose()
        #expect(try await call.next() == nil)
        await pair.close()
    }
}
