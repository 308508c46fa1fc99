import Foundation
import MienEstimation
import MienHost
import MienMessages
import MienWire
import TestSupport

@testable import MienPlugins

/// The faulty plugin, in a folder of its own.
struct Faulty {
    let folder: PluginFolder
    let endpoint: ProcessEndpoint
    private let lanes: ComputeLanes

    /// - Parameters:
    ///   - mode: How it starts.
    ///   - limits: Of its manifest, as JSON; restarts likewise.
    init(_ mode: String = "steady", in path: String, limits: String = "{}", restart: String = "{}", lanes: Int = 4) throws {
        try Self.write(mode, to: path, limits: limits, restart: restart)
        folder = try PluginFolder(path: path)
        guard case .process(let process) = folder.manifest.kind else { preconditionFailure() }
        endpoint = ProcessEndpoint(folder, process, isConfined: true, log: HostLog(level: 7, descriptor: -1))
        self.lanes = ComputeLanes(count: lanes)
    }

    /// Its manifest alone.
    static func write(_ mode: String = "steady", to path: String, limits: String = "{}", restart: String = "{}") throws {
        try """
            { "schema": 1, "id": "faulty", "version": "1", "summary": "Fails.", "licence": "Apache-2.0", "attribution": "nobody", "kind": "process",
              "entry": ["\(try builtProduct("faulty-plugin"))", "\(mode)"], "limits": \(limits), "restart": \(restart),
              "estimators": [ { "id": "faulty-faces", "categories": ["Anger"], "native_labels": ["sum", "pid"], "batch": 4,
                                "face": { "width": 8, "height": 8, "pixels": "grey", "crop": "box" } } ] }
            """.write(toFile: "\(path)/plugin.json", atomically: false, encoding: .utf8)
    }

    /// Asks about faces that begin with these bytes.
    func ask(_ orders: UInt8..., deadline: Duration? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }) async throws -> [Proto.PluginReading] {
        let request = Proto.PluginFacesRequest(estimator: "faulty-faces", faces: orders.map { [$0] + [UInt8](repeating: 1, count: 63) })
        let context = EstimationContext(deadline: deadline.map { .now + $0 }, isCancelled: isCancelled), endpoint = endpoint
        return try await lanes.run { _ in try endpoint.estimateFaces(request, context).readings }.value
    }

    /// Asks a harmless question.
    func pid() async throws -> Int { Int(try await ask(0)[0].nativeScores[1].score) }

    /// The error of a question.
    func failure(_ order: UInt8, deadline: Duration? = nil) async -> CallError? {
        do {
            _ = try await ask(order, deadline: deadline)
            return nil
        } catch {
            return error as? CallError ?? CallError(.unknown, "\(error)")
        }
    }
}

/// Gives the body the faulty plugin; afterwards nothing of it is left.
func withFaulty(_ mode: String = "steady", limits: String = "{}", restart: String = "{}", lanes: Int = 4, _ body: (Faulty) async throws -> Void) async throws {
    try await inTemporaryFolder { path in
        let faulty = try Faulty(mode, in: path, limits: limits, restart: restart, lanes: lanes)
        do { try await body(faulty) } catch {
            await faulty.endpoint.close()
            throw error
        }
        await faulty.endpoint.close()
    }
}

/// The models of whoever runs the tests.
enum Installed {
    private static let models = {
        let environment = ProcessInfo.processInfo.environment
        return (environment["MIEN_HOME"] ?? "\(environment["HOME"] ?? "")/.local/share/mien") + "/models"
    }()

    static let miniXception = "\(models)/fer-mini-xception/1/mini_xception.safetensors"
    static let hasMiniXception = FileManager.default.fileExists(atPath: miniXception)
    static let hasCenterFace = FileManager.default.fileExists(atPath: "\(models)/centerface")
}

extension CallError {
    func fact(_ name: String) -> String? { facts.first { $0.name == name }?.value }
}

func isRunning(_ pid: Int) -> Bool { kill(pid_t(pid), 0) == 0 }
