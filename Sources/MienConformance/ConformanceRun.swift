package import MienMessages
package import MienReflection
package import MienWire
import Synchronization

/// What is known of a program under test before its cases run.
package struct PeerFacts: Sendable {
    package var role: ConformanceCase.Role
    /// Of a plugin; nil if it could not be had.
    package var description: Proto.PluginDescription?
    package var hasDiagnostics = false

    package init(role: ConformanceCase.Role) { self.role = role }
}

package struct CaseResult: Sendable {
    package enum Verdict: Sendable {
        case passed
        case failed(CaseFailure)
        /// Why it does not apply.
        case skipped(String)
    }

    package var subject: ConformanceCase
    package var verdict: Verdict
    package var duration: Duration
}

/// Plays cases to a program, each with a process of its own.
package struct ConformanceRun: Sendable {
    package let command: SpawnCommand
    package let descriptors: DescriptorPool
    /// For each answer of the wire; an estimate, which may load a model, gets six times that.
    package let patience: Duration

    package init(_ command: SpawnCommand, _ descriptors: DescriptorPool, patience: Duration) {
        self.command = command
        self.descriptors = descriptors
        self.patience = patience
    }

    /// Starts the program once and finds out what it is.
    ///
    /// - Parameter role: What it is said to be; nil: that is to be found out.
    /// - Throws: `CaseFailure` if it cannot be started or, with no role given, is neither a host nor a plugin.
    package func probe(_ role: ConformanceCase.Role?) async throws -> PeerFacts {
        let result: Result<PeerFacts, CaseFailure> = await onThread {
            do throws(CaseFailure) { return .success(try probeNow(role)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func probeNow(_ role: ConformanceCase.Role?) throws(CaseFailure) -> PeerFacts {
        let peer: Peer
        do throws(SpawnCommand.Failure) { peer = try Peer(command) } catch { throw CaseFailure(expected: "a program", came: error.description) }
        if role == .client { return PeerFacts(role: .client) }
        let session = Session(peer, role ?? .host, descriptors)
        var number: UInt32 = 1
        /// The answer; nil if the method is not there.
        func ask(_ method: String) throws(CaseFailure) -> [UInt8]? {
            session.send(Proto.Frame(call: number, kind: .open(Proto.Open(method: method, message: [], halfClose: true))))
            var answer: [UInt8] = []
            defer { number += 2 }
            while true {
                let frame = try session.next(number, limit: patience, expected: "an answer of \(method)").frame
                if case .message(let message) = frame.kind { answer += message.data }
                guard case .status(let status) = frame.kind else { continue }
                guard [0, StatusCode.unimplemented.rawValue].contains(status.code) else { throw CaseFailure(expected: "an answer of \(method)", came: "\(CallError(status))") }
                return status.code == 0 ? status.answer ?? answer : nil
            }
        }
        var facts = PeerFacts(role: role ?? .host)
        do throws(CaseFailure) {
            session.send(Proto.Frame(kind: .hello(Handshake.hello(name: "mien-conformance", version: "1", pid: 0, limits: WireLimits(), features: []))))
            try session.greet(limit: patience)
            if role != .plugin {
                if try ask("/mien.v1.Host/GetInfo") != nil { facts.hasDiagnostics = try ask("/mien.v1.Diagnostics/Echo") != nil } else { facts.role = role ?? .plugin }
            }
            if facts.role == .plugin {
                let answer = try ask("/mien.v1.Plugin/Describe")
                if role == nil, answer == nil { throw CaseFailure(expected: "an answer of GetInfo or Describe", came: "UNIMPLEMENTED for both: neither a host nor a plugin") }
                facts.description = answer.flatMap { try? Proto.PluginDescription(decoding: $0) }
            }
        } catch {
            // With a known role the cases themselves shall tell what is wrong.
            guard role != nil else { throw error }
        }
        return facts
    }

    /// Runs the cases, several at a time.
    ///
    /// - Parameter progress: Called on some thread, as each is done, in no order.
    /// - Returns: The results in the order of the cases.
    package func run(_ cases: [ConformanceCase], _ facts: PeerFacts, jobs: Int, progress: @escaping @Sendable (CaseResult) -> Void = { _ in }) async -> [CaseResult] {
        let counter = Counter()
        return await withTaskGroup(of: [(Int, CaseResult)].self) { group in
            for _ in 0..<max(1, min(jobs, cases.count)) {
                group.addTask {
                    await onThread {
                        var results: [(Int, CaseResult)] = []
                        while let index = counter.take(below: cases.count) {
                            let result = play(cases[index], facts)
                            progress(result)
                            results.append((index, result))
                        }
                        return results
                    }
                }
            }
            var all: [(Int, CaseResult)] = []
            for await part in group { all += part }
            return all.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func play(_ subject: ConformanceCase, _ facts: PeerFacts) -> CaseResult {
        let start = ContinuousClock.now
        func result(_ verdict: CaseResult.Verdict) -> CaseResult { CaseResult(subject: subject, verdict: verdict, duration: .now - start) }
        guard subject.roles.contains(facts.role) else { return result(.skipped("not for a \(facts.role)")) }
        if subject.needs.contains(.diagnostics), facts.role == .host, !facts.hasDiagnostics { return result(.skipped("it has no mien.v1.Diagnostics")) }
        var estimators: [Proto.PluginEstimator?] = [nil]
        if let each = subject.each {
            guard let description = facts.description else { return result(.failed(CaseFailure(expected: "a description of the plugin", came: "none"))) }
            let fitting = description.estimators.filter { estimator in
                switch (each, estimator.input) {
                case (.estimator, _?), (.face, .face?), (.voice, .voice?): true
                default: false
                }
            }.filter { (!subject.needs.contains(.batch) || $0.batch > 1) && (!subject.needs.contains(.categories) || $0.categories.count > 1) }
            if fitting.isEmpty { return result(.skipped("it has no estimator of that kind")) }
            estimators = fitting
        }
        for estimator in estimators {
            do throws(CaseFailure) {
                let peer: Peer
                do throws(SpawnCommand.Failure) { peer = try Peer(command) } catch { throw CaseFailure(expected: "a program", came: error.description) }
                try CaseRun(subject, Session(peer, facts.role, descriptors), estimator, patience: patience).run()
            } catch {
                return result(.failed(estimators.count > 1 ? error.of(estimator?.id ?? "") : error))
            }
        }
        return result(.passed)
    }
}

extension CaseFailure {
    /// The failure with the estimator that it is about.
    fileprivate func of(_ estimator: String) -> CaseFailure {
        var failure = self
        failure.place = "\(estimator), \(place)"
        return failure
    }
}

/// Hands out numbers to several threads.
private final class Counter: Sendable {
    private let next = Atomic<Int>(0)

    func take(below limit: Int) -> Int? {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < limit ? number : nil
    }
}

/// Runs something that blocks on a thread of its own.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        MienWire.Thread { continuation.resume(returning: body()) }.detach()
    }
}
