#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import MienClient
import MienEstimation
@testable import MienHost
import MienMessages
import MienWire

/// A host and a client in this process, joined by two real pipes.
struct HostPair: Sendable {
    let host: Host
    let client: Client
    private let serving: Task<ConnectionEnd, Never>

    init(_ estimators: [EstimatorFactory] = [FakeFaces.factory()], models: FakeModels = FakeModels(), log: HostLog = HostLog(descriptor: -1), callWindow: Int? = nil,
         configure: (inout HostConfiguration) -> Void = { _ in }) {
        var configuration = HostConfiguration(version: "1.2.3", estimators: estimators, models: models)
        configuration.kernels = "scalar"
        configuration.features = ["none"]
        configuration.threads = 2
        configure(&configuration)
        let host = Host(configuration, log: log)
        let toHost = Self.pipe(), fromHost = Self.pipe()
        serving = Task { await host.serve(input: toHost.read, output: fromHost.write) }
        var wire = ConnectionConfiguration(role: .caller, peerName: "test", peerVersion: "0")
        if let callWindow { wire.limits.callWindowBytes = callWindow }
        let connection = Connection(input: fromHost.read, output: toHost.write, configuration: wire) {
            (_) throws(CallError) in throw CallError(.unimplemented, "")
        }
        connection.start()
        self.host = host
        client = Client(connection: connection)
    }

    private static func pipe() -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        #if canImport(Glibc)
        precondition(Glibc.pipe(&ends) == 0)
        #elseif canImport(Musl)
        precondition(Musl.pipe(&ends) == 0)
        #else
        precondition(Darwin.pipe(&ends) == 0)
        #endif
        return (ends[0], ends[1])
    }

    /// Ends both sides and tells how the host saw it.
    @discardableResult
    func close() async -> ConnectionEnd {
        await client.close()
        return await serving.value
    }

    /// What `EstimateFace` fails with.
    func failure(_ request: Proto.EstimateFaceRequest) async -> CallError? {
        do {
            _ = try await client.estimateFace(request)
            return nil
        } catch {
            return error as? CallError
        }
    }

    /// What a call with these bytes fails with.
    func failure(_ method: String, _ bytes: [UInt8] = []) async -> CallError? {
        do {
            _ = try await client.connection.unary(method, bytes)
            return nil
        } catch {
            return error as? CallError
        }
    }
}

extension Proto.EstimateFaceRequest {
    /// A grey picture of 2 x 2 pixels, all of this value.
    static func gray(_ value: UInt8 = 51, id: String = "", estimator: String = "") -> Self {
        Self(requestId: id, picture: .raw(Proto.RawPicture(width: 2, height: 2, format: .gray8, pixels: [value, value, value, value])), estimator: estimator)
    }
}
