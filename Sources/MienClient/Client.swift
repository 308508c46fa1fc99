package import MienMessages
package import MienWire

/// Typed calls to a host.
package final class Client: Sendable {
    /// An answer and the trailing metadata that came with it.
    package struct Answer<Message: ProtoMessage>: Sendable {
        package var message: Message
        package var metadata: [MetadataEntry]

        /// Value of the first entry of that name.
        package subscript(name: String) -> String? { metadata.first { $0.name == name }?.value }
    }

    package let connection: Connection
    /// Nil if somebody else started the host.
    package let process: HostProcess?

    package init(connection: Connection, process: HostProcess? = nil) {
        self.connection = connection
        self.process = process
    }

    /// Starts a host of our own and waits for its greeting.
    ///
    /// - Parameter handshake: how long the host may take to greet.
    /// - Throws: `HostProcess.SpawnError`; `CallError` `unavailable` that tells how the host ended, if it did.
    package static func spawn(_ options: HostProcess.Options = HostProcess.Options(), name: String, version: String,
                              handshake: Duration = .seconds(10)) async throws -> Client {
        let process = try HostProcess(options)
        let pipes = process.takePipes()
        var configuration = ConnectionConfiguration(role: .caller, peerName: name, peerVersion: version)
        configuration.handshakeTimeout = handshake
        let connection = Connection(input: pipes.fromHost, output: pipes.toHost, configuration: configuration) { (method) throws(CallError) in
            throw CallError(.unimplemented, "a caller answers no calls: \(method)")
        }
        connection.start()
        do {
            _ = try await connection.peer()
        } catch {
            connection.abort(reason: "handshake failed")
            let exit = await process.waitForExit(limit: .milliseconds(500))
            var reason = (error as? CallError)?.message ?? "\(error)"
            let errors = process.capturedErrors
            if !errors.isEmpty { reason += "; it said: \(errors)" }
            throw CallError(.unavailable, "the host ended with \(exit) before it greeted: \(reason)", reason: "HOST_START_FAILED")
        }
        return Client(connection: connection, process: process)
    }

    /// Says goodbye and, for a host of our own, waits for its end.
    @discardableResult
    package func close() async -> HostProcess.Exit? {
        await connection.drain(limit: .seconds(1), reason: "")
        return await process?.waitForExit()
    }

    /// One message in, one out.
    ///
    /// - Throws: `CallError`; `dataLoss` if the answer is not what the method should give.
    package func unary<Response: ProtoMessage>(_ method: String, _ request: some ProtoMessage, metadata: [MetadataEntry] = [],
                                               timeout: Duration? = nil) async throws -> Answer<Response> {
        let answer = try await connection.unary(method, request.encoded(), metadata: metadata, timeout: timeout)
        return Answer(message: try Self.decode(answer.message), metadata: answer.metadata)
    }

    package func estimateFace(_ request: Proto.EstimateFaceRequest, timeout: Duration? = nil) async throws -> Answer<Proto.EstimateFaceResponse> {
        try await unary("/mien.v1.Estimation/EstimateFace", request, timeout: timeout)
    }

    /// Many pictures over one stream. Answers come in the order in which they are done.
    package func estimateFaces(timeout: Duration? = nil) async throws -> MessageStream<Proto.EstimateFaceRequest, Proto.EstimateFaceResponse> {
        MessageStream(try await connection.call("/mien.v1.Estimation/EstimateFaces", timeout: timeout))
    }

    package func estimateVoice(_ request: Proto.EstimateVoiceRequest, timeout: Duration? = nil) async throws -> Answer<Proto.EstimateVoiceResponse> {
        try await unary("/mien.v1.Estimation/EstimateVoice", request, timeout: timeout)
    }

    /// Many recordings over one stream. Answers come in the order in which they are done.
    package func estimateVoices(timeout: Duration? = nil) async throws -> MessageStream<Proto.EstimateVoiceRequest, Proto.EstimateVoiceResponse> {
        MessageStream(try await connection.call("/mien.v1.Estimation/EstimateVoices", timeout: timeout))
    }

    /// A live stream. The first message has to be `start`.
    package func watchVoice() async throws -> MessageStream<Proto.WatchVoiceRequest, Proto.WatchVoiceEvent> {
        MessageStream(try await connection.call("/mien.v1.Estimation/WatchVoice"))
    }

    package func info() async throws -> Proto.GetInfoResponse {
        try await unary("/mien.v1.Host/GetInfo", Proto.GetInfoRequest()).message
    }

    package func estimators() async throws -> [Proto.EstimatorInfo] {
        let answer: Answer<Proto.ListEstimatorsResponse> = try await unary("/mien.v1.Host/ListEstimators", Proto.ListEstimatorsRequest())
        return answer.message.estimators
    }

    /// A serialised google.protobuf.FileDescriptorSet.
    package func descriptors() async throws -> [UInt8] {
        let answer: Answer<Proto.GetDescriptorsResponse> = try await unary("/mien.v1.Host/GetDescriptors", Proto.GetDescriptorsRequest())
        return answer.message.fileDescriptorSet
    }

    /// - Parameter service: "" for the host, a service name, or "estimator/ID".
    package func health(_ service: String = "") async throws -> Proto.HealthCheckResponse.ServingStatus {
        let answer: Answer<Proto.HealthCheckResponse> = try await unary("/grpc.health.v1.Health/Check", Proto.HealthCheckRequest(service: service))
        return answer.message.status
    }

    /// Log lines from now on.
    package func watchLogs(from level: Proto.LogLevel) async throws -> MessageStream<Proto.WatchLogsRequest, Proto.Log> {
        let stream = MessageStream<Proto.WatchLogsRequest, Proto.Log>(try await connection.call("/mien.v1.Host/WatchLogs"))
        try await stream.send(Proto.WatchLogsRequest(minimumLevel: level))
        stream.halfClose()
        return stream
    }

    /// Number of calls that were open when the host began to drain.
    package func drain() async throws -> Int {
        let answer: Answer<Proto.DrainResponse> = try await unary("/mien.v1.Host/Drain", Proto.DrainRequest())
        return Int(answer.message.openCalls)
    }

    static func decode<Message: ProtoMessage>(_ bytes: [UInt8]) throws -> Message {
        do {
            return try Message(decoding: bytes)
        } catch {
            throw CallError(.dataLoss, "the answer is not a valid \(Message.fullName): \(error)", reason: "ANSWER_MALFORMED")
        }
    }
}

/// A call that carries any number of messages each way.
package struct MessageStream<Request: ProtoMessage, Response: ProtoMessage>: Sendable {
    private let call: OutgoingCall
    init(_ call: OutgoingCall) { self.call = call }

    /// Suspends while the host is behind.
    package func send(_ request: Request) async throws { try await call.send(request.encoded()) }
    package func halfClose() { call.halfClose() }
    /// Nil after the last answer.
    package func next() async throws -> Response? { try await call.next().map { try Client.decode($0) } }
    package func cancel(reason: String = "") { call.cancel(reason: reason) }
    /// Once `next()` has returned nil or thrown.
    package var trailingMetadata: [MetadataEntry] { call.trailingMetadata }
}
