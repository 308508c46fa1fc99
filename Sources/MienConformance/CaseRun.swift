import MienJSON
import MienMessages
import MienReflection
import MienWire

/// Plays one script to one peer.
final class CaseRun {
    /// Loading of models takes its time.
    private static let estimateFactor = 6
    /// Within which a process has to end that has a reason to, however patient the user is.
    private var endLimit: Duration { min(.seconds(5), patience * 2) }

    private let subject: ConformanceCase
    private let session: Session
    private var scope: Scope
    /// For an answer.
    private let patience: Duration
    /// Answers about estimates by the call's number.
    private var readings: [UInt32: [Proto.PluginReading]] = [:]

    init(_ subject: ConformanceCase, _ session: Session, _ estimator: Proto.PluginEstimator?, patience: Duration) {
        (self.subject, self.session, self.patience) = (subject, session, patience)
        scope = Scope(descriptors: session.descriptors, estimator: estimator)
        scope.variables["unary"] = .string(session.role == .host ? "/mien.v1.Host/GetInfo" : "/mien.v1.Plugin/Describe")
        if let estimator { scope.variables.merge(variables(of: estimator)) { $1 } }
    }

    func run() throws(CaseFailure) {
        do throws(CaseFailure) {
            if subject.greets { try greet(.object(JSONObject()), limit: patience) }
        } catch {
            throw error.at("the greeting")
        }
        try play(subject.steps)
        try part()
    }

    private func play(_ steps: [Step]) throws(CaseFailure) {
        for step in steps {
            if case .repeated(let repetition, let inner) = step.action {
                try play(repetition, inner, step)
            } else {
                do throws(CaseFailure) { try play(step) } catch { throw error.at("step \(step.number)") }
            }
        }
    }

    private func play(_ repetition: Step.Repetition, _ steps: [Step], _ step: Step) throws(CaseFailure) {
        let count: Int
        do throws(CaseFailure) { count = try scripted { () throws(TemplateError) in try scope.number(repetition.count) } } catch { throw error.at("step \(step.number)") }
        let outer = scope.variables[repetition.variable]
        for index in 0..<max(count, 0) {
            scope.variables[repetition.variable] = .number(JSONNumber(repetition.first + index * repetition.by))
            try play(steps)
        }
        scope.variables[repetition.variable] = outer
    }

    /// Every conversation ends in the orderly way, in which a rule can be broken as well. How long that takes and what the exit code is, some cases are about;
    /// here it does not matter.
    private func part() throws(CaseFailure) {
        session.peer.isReading = true
        session.peer.closeInput()
        do throws(CaseFailure) {
            _ = try session.end(limit: min(.seconds(1), patience))
        } catch {
            if error.place == CaseFailure.standingRule { throw error }
        }
    }

    /// What a template comes to; a failure of the script's own if it comes to nothing.
    private func scripted<Value>(_ body: () throws(TemplateError) -> Value) throws(CaseFailure) -> Value {
        do throws(TemplateError) { return try body() } catch { throw CaseFailure(expected: "a script that can be played", came: error.description) }
    }

    private func greet(_ fields: JSONValue, limit: Duration) throws(CaseFailure) {
        let given = try scripted { () throws(TemplateError) in try scope.message("mien.v1.Hello", fields) }
        guard var hello = try? Proto.Hello(decoding: given) else { throw CaseFailure(expected: "a script that can be played", came: "a Hello that is none") }
        if hello.magic.isEmpty { hello.magic = Handshake.magic }
        if hello.minMajor == 0, hello.maxMajor == 0 { (hello.minMajor, hello.maxMajor) = (1, 1) }
        if hello.peerName.isEmpty { hello.peerName = "mien-conformance" }
        if session.role == .client { try session.greet(limit: limit) }
        session.send(Proto.Frame(kind: .hello(hello)))
        try session.greet(limit: limit)
        scope.limits = session.limits
    }

    // MARK: Steps

    private func play(_ step: Step) throws(CaseFailure) {
        let limit = step.limit ?? patience
        func call(_ template: JSONValue) throws(CaseFailure) -> UInt32 { try scripted { () throws(TemplateError) in try scope.call(template) } }
        switch step.action {
        case .hello(let fields): try greet(fields, limit: limit)
        case .send(let frame, let pieces): session.send(try scripted { () throws(TemplateError) in try scope.frame(frame) }, pieces: pieces)
        case .sendBytes(let bytes, let pieces): session.sendRaw(try scripted { () throws(TemplateError) in try scope.bytes(bytes) }, pieces: pieces)
        case .open(let opening, let isWhole): try open(opening, isWhole: isWhole, limit)
        case .message(let message, let number, let halfClose):
            let number = try call(number), type = session.descriptors.method(session.method(of: number) ?? "")?.inputType
            let bytes = try scripted { () throws(TemplateError) in try scope.bytes(message, type: type) }
            try session.sendMessage(bytes, call: number, halfClose: halfClose, limit: limit)
        case .halfClose(let number): session.send(Proto.Frame(call: try call(number), kind: .halfClose(Proto.HalfClose())))
        case .cancel(let number): session.send(Proto.Frame(call: try call(number), kind: .cancel(Proto.Cancel(reason: "the case says so"))))
        case .close: session.peer.closeInput()
        case .signal(let number): session.peer.signal(number)
        case .wait(let duration): try session.pass(duration)
        case .reading(let isOn): session.peer.isReading = isOn
        case .credit(let isOn): session.givesCredit = isOn
        case .lives(let number):
            let number = try call(number), method = try scripted { () throws(TemplateError) in try scope.string(.string("$unary")) }
            session.send(Proto.Frame(call: number, kind: .open(Proto.Open(method: method, message: [], halfClose: true))))
            _ = try answer(number, limit)
        case .expect(let pattern): try expect(pattern, limit)
        case .expectStatus(let codes, let number, let reason, let says, let skips):
            try expectStatus(codes, try call(number), reason, says, skipsMessages: skips, limit)
        case .expectMessage(let pattern, let number):
            let number = try call(number)
            try match(pattern, try message(number, limit), number)
        case .expectAnswer(let pattern, let number):
            let number = try call(number)
            try match(pattern, try answer(number, limit), number)
        case .expectNothing(let duration, let number):
            try session.pass(duration)
            if let frame = session.pending(try call(number)) { throw CaseFailure(expected: "nothing for \(duration.text)", came: Matcher.shown(session.json(frame.bytes))) }
        case .expectEnd(let rule):
            let exit = try session.end(limit: step.limit ?? endLimit)
            if let expected = rule.unmet(exit) { throw CaseFailure(expected: expected, came: "\(exit)\(said)") }
        case .expectViolation: try expectViolation(step.limit ?? endLimit)
        case .expectDescription(let aspect):
            guard let description = try? Proto.PluginDescription(decoding: try ask("/mien.v1.Plugin/Describe", 1, limit)) else {
                throw CaseFailure(expected: "a mien.v1.PluginDescription", came: "bytes that are none")
            }
            if aspect == .steady {
                let again = try? Proto.PluginDescription(decoding: try ask("/mien.v1.Plugin/Describe", 3, limit))
                if again != description { throw CaseFailure(expected: "the same description twice", came: "another one the second time") }
            } else if let failure = DescriptionCheck(description).failure(aspect) { throw failure }
        case .expectReadings(let count, let number, let sameAs, let only):
            let count = try scripted { () throws(TemplateError) in try scope.number(count) }
            try expectReadings(count, try call(number), sameAs: try sameAs.map { template throws(CaseFailure) in try call(template) }, only, step.limit ?? patience * Self.estimateFactor)
        case .expectCall(let variable): scope.variables[variable] = .number(JSONNumber(try request(limit)))
        case .repeated: break
        }
    }

    private var said: String { session.peer.lastWords.isEmpty ? "" : "; it said: \(session.peer.lastWords)" }

    private func open(_ opening: Step.Opening, isWhole: Bool, _ limit: Duration) throws(CaseFailure) {
        let open = try scripted { () throws(TemplateError) -> (UInt32, Proto.Open, [UInt8]?) in
            let method = try scope.string(opening.method)
            var open = Proto.Open(method: method)
            if let timeout = opening.timeout { open.timeoutUs = UInt64(max(try scope.number(timeout), 0)) }
            for entry in try opening.metadata.map({ template throws(TemplateError) in try scope.json(template) })?.array ?? [] {
                open.metadata.append(Proto.Metadata(name: entry["name"]?.string ?? "", value: entry["value"]?.string ?? ""))
            }
            let message = try opening.message.map { template throws(TemplateError) in try scope.bytes(template, type: scope.descriptors.method(method)?.inputType) }
            return (try scope.call(opening.call), open, message)
        }
        var (call, first, message) = open
        // What is larger than a chunk follows in messages of its own.
        let isLarge = message?.count ?? 0 > 64 << 10
        if !isLarge { (first.message, first.halfClose) = (message, opening.halfClose) }
        session.send(Proto.Frame(call: call, kind: .open(first)))
        if isLarge { try session.sendMessage(message ?? [], call: call, halfClose: opening.halfClose, limit: limit) }
    }

    private func ask(_ method: String, _ call: UInt32, _ limit: Duration) throws(CaseFailure) -> [UInt8] {
        session.send(Proto.Frame(call: call, kind: .open(Proto.Open(method: method, message: [], halfClose: true))))
        return try answer(call, limit)
    }

    // MARK: Expectations

    private func expect(_ pattern: JSONValue, _ limit: Duration) throws(CaseFailure) {
        let call = try scripted { () throws(TemplateError) in try pattern["call"].map { template throws(TemplateError) in try scope.call(template) } ?? 0 }
        let frame = try session.next(call, limit: limit, expected: "a frame like \(Matcher.shown(pattern))")
        let found = session.json(frame.bytes)
        let mismatch = try scripted { () throws(TemplateError) in try Matcher(scope: scope).mismatch(pattern, found) }
        if let mismatch { throw CaseFailure(expected: "a frame like \(Matcher.shown(pattern))", came: "\(Matcher.shown(found)) (\(mismatch))") }
    }

    private func match(_ pattern: JSONValue, _ bytes: [UInt8], _ call: UInt32) throws(CaseFailure) {
        guard let type = session.descriptors.method(session.method(of: call) ?? "")?.outputType else { return }
        let found: JSONValue
        do throws(ReflectionError) {
            found = try session.descriptors.messageToJSON(type, bytes)
        } catch {
            throw CaseFailure(expected: "a \(type)", came: "\(bytes.count) bytes that are none: \(error)")
        }
        let mismatch = try scripted { () throws(TemplateError) in try Matcher(scope: scope).mismatch(pattern, found) }
        if let mismatch { throw CaseFailure(expected: "an answer like \(Matcher.shown(pattern))", came: "\(Matcher.shown(found)) (\(mismatch))") }
    }

    /// The rest of a message of which `first` has come.
    private func message(_ call: UInt32, first: Proto.Message? = nil, _ limit: Duration) throws(CaseFailure) -> [UInt8] {
        var bytes: [UInt8] = [], part = first
        while true {
            if part == nil {
                let frame = try session.next(call, limit: limit, expected: "a message on call \(call)")
                guard case .message(let message) = frame.frame.kind else { throw CaseFailure(expected: "a message on call \(call)", came: text(frame)) }
                part = message
            }
            bytes += part!.data
            if !part!.continues { return bytes }
            part = nil
        }
    }

    /// The only message of a call, and the status OK with it or behind it.
    private func answer(_ call: UInt32, _ limit: Duration) throws(CaseFailure) -> [UInt8] {
        let first = try session.next(call, limit: limit, expected: "an answer on call \(call)")
        switch first.frame.kind {
        case .status(let status):
            guard status.code == 0, let answer = status.answer else { throw CaseFailure(expected: "an answer on call \(call)", came: text(first)) }
            return answer
        case .message(let part):
            let bytes = try message(call, first: part, limit)
            let end = try session.next(call, limit: limit, expected: "the status OK of call \(call)")
            guard case .status(let status) = end.frame.kind, status.code == 0, status.answer == nil else {
                throw CaseFailure(expected: "the status OK and nothing more on call \(call)", came: text(end))
            }
            return bytes
        default: throw CaseFailure(expected: "an answer on call \(call)", came: text(first))
        }
    }

    /// Waits for a call of a client and all of its request. Returns the call's number.
    private func request(_ limit: Duration) throws(CaseFailure) -> UInt32 {
        let call = try session.nextOpened(limit: limit)
        var isHalfClosed = false, isUnfinished = false
        repeat {
            let frame = try session.next(call, limit: limit, expected: "the rest of the request of call \(call)")
            switch frame.frame.kind {
            case .open(let open): (isHalfClosed, isUnfinished) = (open.halfClose, open.continues)
            case .message(let message): isUnfinished = message.continues
            case .halfClose: isHalfClosed = true
            default: throw CaseFailure(expected: "the rest of the request of call \(call)", came: text(frame))
            }
        } while !isHalfClosed || isUnfinished
        return call
    }

    private func expectStatus(_ codes: [UInt32], _ call: UInt32, _ reason: String?, _ says: String?, skipsMessages: Bool, _ limit: Duration) throws(CaseFailure) {
        let names = codes.map { "\(StatusCode(rawValue: $0))" }
        let expected = "the status \(names.joined(separator: " or "))" + (reason.map { " (\($0))" } ?? "") + (says.map { " that says \"\($0)\"" } ?? "")
        while true {
            let frame = try session.next(call, limit: limit, expected: expected)
            if case .message = frame.frame.kind, skipsMessages { continue }
            guard case .status(let status) = frame.frame.kind, codes.contains(status.code), reason == nil || CallError(status).reason == reason,
                  says.map({ status.message.contains($0) }) ?? true, status.code == 0 || status.answer == nil else {
                throw CaseFailure(expected: expected, came: text(frame))
            }
            return
        }
    }

    private func expectViolation(_ limit: Duration) throws(CaseFailure) {
        let exit = try session.end(limit: limit)
        if subject.greets, (session.goAway?.reason ?? "").isEmpty { throw CaseFailure(expected: "a go_away with the reason before the end", came: "none, and \(exit)\(said)") }
        switch (session.role, exit) {
        case (.host, .code(76)): return
        case (.plugin, .code(let code)) where code != 0: return
        case (.host, _): throw CaseFailure(expected: "exit code 76 after a violation", came: "\(exit)\(said)")
        default: throw CaseFailure(expected: "an exit code other than 0 after a violation", came: "\(exit)\(said)")
        }
    }

    private func expectReadings(_ count: Int, _ call: UInt32, sameAs: UInt32?, _ only: JSONValue?, _ limit: Duration) throws(CaseFailure) {
        guard let estimator = scope.estimator else { throw CaseFailure(expected: "a script that can be played", came: "expect_readings without \"each\"") }
        let bytes = try answer(call, limit)
        guard let answer = try? Proto.PluginReadings(decoding: bytes) else { throw CaseFailure(expected: "a mien.v1.PluginReadings", came: "\(bytes.count) bytes that are none") }
        let check = ReadingsCheck(estimator)
        if let failure = check.failure(answer.readings, count: count) { throw failure }
        if only != nil, let first = estimator.categories.first, !answer.readings.allSatisfy({ $0.categories.contains { $0.name == first } }) {
            throw CaseFailure(expected: "\(first), which was asked for, in every reading", came: "none in one of them")
        }
        readings[call] = answer.readings
        if let sameAs, let others = readings[sameAs], let failure = check.difference(others, answer.readings) { throw failure }
    }

    private func text(_ frame: Session.Incoming) -> String {
        guard case .status(let status) = frame.frame.kind, status.code != 0 else { return Matcher.shown(session.json(frame.bytes)) }
        let error = CallError(status)
        return "the status \(error.code)\(error.reason.isEmpty ? "" : " (\(error.reason))"): \(error.message)"
    }
}

extension Step.EndRule {
    /// What was expected, if an end is not that.
    func unmet(_ exit: Peer.Exit) -> String? {
        switch (self, exit) {
        case (.any, _): nil
        case (.notZero, .code(let code)) where code != 0: nil
        case (.notZero, _): "an exit code other than 0"
        case (.codes(let codes), .code(let code)) where codes.contains(code): nil
        case (.codes(let codes), _): "exit code \(codes.map { "\($0)" }.joined(separator: " or "))"
        }
    }
}

extension CaseFailure {
    static let standingRule = "rule of all cases"

    /// The failure with its place, unless it has one.
    func at(_ place: String) -> CaseFailure {
        var failure = self
        if failure.place.isEmpty { failure.place = place }
        return failure
    }
}
