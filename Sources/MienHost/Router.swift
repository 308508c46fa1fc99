package import MienWire

/// Finds the handler of a method by its path, "/package.Service/Method".
package struct Router: Sendable {
    private var services: [String: [String: MethodHandler]] = [:]
    private let log: HostLog

    /// - Parameter log: gets the details of failures that are not the caller's business.
    package init(log: HostLog) { self.log = log }

    /// Full names of the services, sorted.
    package var serviceNames: [String] { services.keys.sorted() }

    /// Adds methods to a service; the service need not exist yet.
    package mutating func add(_ service: String, _ methods: [String: MethodHandler]) {
        let log = log
        for (name, handler) in methods {
            precondition(services[service]?[name] == nil, "a method of \(service) is added twice")
            services[service, default: [:]][name] = handler.translatingErrors { callError($0, doing: "\(service)/\(name)", log) }
        }
    }

    /// - Throws: `CallError`: `invalidArgument` for a path that is not of that form, `unimplemented` naming the service or method that is missing.
    package func handler(_ path: String) throws(CallError) -> MethodHandler {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty, !parts[2].isEmpty else {
            throw CallError(.invalidArgument, "method path \(quoted(path)) is not of the form /package.Service/Method", reason: "METHOD_PATH_MALFORMED")
        }
        let service = String(Substring(parts[1])), method = String(Substring(parts[2]))
        guard let methods = services[service] else {
            throw CallError(.unimplemented, "no service \(quoted(service)); there are: \(serviceNames.joined(separator: ", "))", reason: "SERVICE_UNKNOWN")
        }
        guard let handler = methods[method] else {
            throw CallError(.unimplemented, "service \(service) has no method \(quoted(method)); it has: \(methods.keys.sorted().joined(separator: ", "))",
                            reason: "METHOD_UNKNOWN")
        }
        return handler
    }
}

extension MethodHandler {
    /// The same handler, its errors passed through `translate`. Cancellation is left to the connection, which knows its cause.
    fileprivate func translatingErrors(_ translate: @escaping @Sendable (any Error) -> CallError) -> MethodHandler {
        @Sendable func translated<Value>(_ body: () async throws -> Value) async throws -> Value {
            do { return try await body() } catch let error where !(error is CancellationError) { throw translate(error) }
        }
        switch self {
        case .immediate(let body):
            return .immediate { call, bytes in
                do { return try body(call, bytes) } catch let later as AnswerLater { throw later } catch { throw translate(error) }
            }
        case .unary(let body): return .unary { call, bytes in try await translated { try await body(call, bytes) } }
        case .serverStreaming(let body): return .serverStreaming { call, bytes, answers in try await translated { try await body(call, bytes, answers) } }
        case .clientStreaming(let body): return .clientStreaming { call, requests in try await translated { try await body(call, requests) } }
        case .bidirectional(let body): return .bidirectional { call, requests, answers in try await translated { try await body(call, requests, answers) } }
        }
    }
}
