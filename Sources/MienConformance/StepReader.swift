import MienJSON

/// Reads the steps of one case and says precisely what is wrong with one.
struct StepReader {
    let file: String
    let name: String

    /// What each step may have beside its verb.
    private static let extras: [String: Set<String>] = [
        "hello": [], "send": ["pieces_of"], "send_bytes": ["pieces_of"],
        "open": ["call", "message", "timeout_us", "metadata", "half_close"], "ask": ["call", "message", "timeout_us", "metadata"],
        "message": ["call", "half_close"], "half_close": [], "cancel": [], "close": [], "signal": [], "wait_ms": [], "reading": [], "credit": [],
        "repeat": ["as", "from", "by", "steps"], "lives": ["within_ms"],
        "expect": ["within_ms"], "expect_status": ["call", "reason", "says", "after_messages", "within_ms"],
        "expect_message": ["call", "within_ms"], "expect_answer": ["call", "within_ms"], "expect_nothing_ms": ["call"],
        "expect_end": ["within_ms"], "expect_violation": ["within_ms"], "expect_description": ["within_ms"],
        "expect_readings": ["call", "same_as", "only", "within_ms"], "expect_call": ["within_ms"],
    ]
    /// "half_close" is a verb as well, but belongs to these where they stand together; the rest of the verbs never meet.
    private static let leading = ["open", "ask", "message"]
    private static let signals: [String: Int32] = ["INT": 2, "KILL": 9, "TERM": 15]

    func steps(_ values: [JSONValue], prefix: String = "") throws(CaseFileError) -> [Step] {
        var steps: [Step] = []
        for (index, value) in values.enumerated() { steps.append(try step(value, "\(prefix)\(index + 1)")) }
        return steps
    }

    private func step(_ value: JSONValue, _ number: String) throws(CaseFileError) -> Step {
        func wrong(_ message: String) -> CaseFileError { CaseFileError(file, "\(name), step \(number)", message) }
        guard let object = value.object else { throw wrong("is \(value.kind), where a step needs an object") }
        let names = object.members.map(\.name)
        guard let verb = Self.leading.first(where: names.contains) ?? names.first(where: { Self.extras[$0] != nil }) else {
            throw wrong("has none of the verbs " + Self.extras.keys.sorted().joined(separator: ", "))
        }
        for name in names where name != verb && !Self.extras[verb]!.contains(name) {
            let known = Self.extras[verb]!.sorted().joined(separator: ", ")
            throw wrong("\"\(name)\" does not belong to \"\(verb)\"" + (known.isEmpty ? ", which stands alone" : "; what does: \(known)"))
        }
        let fields = Fields(object: object, wrong: wrong)
        return Step(number: number, action: try action(verb, fields, number), limit: try fields.milliseconds("within_ms"))
    }

    /// Members of a step, by kind.
    private struct Fields {
        let object: JSONObject
        let wrong: (String) -> CaseFileError

        func value(_ name: String) throws(CaseFileError) -> JSONValue {
            guard let value = object[name] else { throw wrong("needs \"\(name)\"") }
            return value
        }

        func integer(_ name: String, in range: ClosedRange<Int> = 0...1 << 40) throws(CaseFileError) -> Int? {
            guard let value = object[name] else { return nil }
            guard let number = value.number?.integer(as: Int.self), range.contains(number) else {
                throw wrong("\"\(name)\" is \(value.text()), which is no whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }

        func milliseconds(_ name: String) throws(CaseFileError) -> Duration? { try integer(name, in: 1...600_000).map { .milliseconds($0) } }

        func string(_ name: String) throws(CaseFileError) -> String? {
            guard let value = object[name] else { return nil }
            guard let string = value.string else { throw wrong("\"\(name)\" is \(value.kind), where a string should be") }
            return string
        }

        func flag(_ name: String) throws(CaseFileError) -> Bool {
            guard let value = object[name] else { return false }
            guard let flag = value.bool else { throw wrong("\"\(name)\" is \(value.kind), where true or false should be") }
            return flag
        }

        func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type) throws(CaseFileError) -> Choice where Choice.RawValue == String {
            guard let choice = try string(name).flatMap({ Choice(rawValue: $0) }) else {
                throw wrong("\"\(name)\" is none of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return choice
        }
    }

    private func action(_ verb: String, _ fields: Fields, _ number: String) throws(CaseFileError) -> Step.Action {
        let value = try fields.value(verb)
        switch verb {
        case "hello": return .hello(value)
        case "send": return .send(value, pieces: try fields.integer("pieces_of", in: 1...1 << 20))
        case "send_bytes": return .sendBytes(value, pieces: try fields.integer("pieces_of", in: 1...1 << 20))
        case "open", "ask":
            let isWhole = verb == "ask", halfCloses = try fields.flag("half_close")
            let opening = Step.Opening(method: value, call: try fields.value("call"), message: fields.object["message"], timeout: fields.object["timeout_us"],
                                       metadata: fields.object["metadata"], halfClose: isWhole || halfCloses)
            return .open(opening, isWhole: isWhole)
        case "message": return .message(value, call: try fields.value("call"), halfClose: try fields.flag("half_close"))
        case "half_close": return .halfClose(call: value)
        case "cancel": return .cancel(call: value)
        case "close":
            guard value.string == "stdin" else { throw fields.wrong("only \"stdin\" can be closed") }
            return .close
        case "signal":
            guard let signal = value.string.flatMap({ Self.signals[$0] }) else {
                throw fields.wrong("\"signal\" is none of \(Self.signals.keys.sorted().joined(separator: ", "))")
            }
            return .signal(signal)
        case "wait_ms": return .wait(try fields.milliseconds(verb) ?? .zero)
        case "reading": return .reading(try fields.flag(verb))
        case "credit": return .credit(try fields.flag(verb))
        case "repeat":
            guard let steps = try fields.value("steps").array else { throw fields.wrong("\"steps\" is no array") }
            let repetition = Step.Repetition(count: value, variable: try fields.string("as") ?? "n", first: try fields.integer("from") ?? 1,
                                             by: try fields.integer("by") ?? 1)
            return .repeated(repetition, try self.steps(steps, prefix: number + "."))
        case "lives": return .lives(call: value)
        case "expect": return .expect(value)
        case "expect_status":
            let codes = (value.array ?? [value]).map { $0.number?.integer(as: UInt32.self) }
            guard !codes.isEmpty, codes.allSatisfy({ $0.map { $0 <= 16 } ?? false }) else { throw fields.wrong("\"expect_status\" needs codes from 0 to 16") }
            return .expectStatus(codes: codes.compactMap(\.self), call: try fields.value("call"), reason: try fields.string("reason"), says: try fields.string("says"),
                                 skipsMessages: try fields.flag("after_messages"))
        case "expect_message": return .expectMessage(value, call: try fields.value("call"))
        case "expect_answer": return .expectAnswer(value, call: try fields.value("call"))
        case "expect_nothing_ms": return .expectNothing(try fields.milliseconds(verb) ?? .zero, call: try fields.value("call"))
        case "expect_end":
            if value.string == "any" { return .expectEnd(.any) }
            if value.string == "not 0" { return .expectEnd(.notZero) }
            let codes = (value.array ?? [value]).map { $0.number?.integer(as: Int32.self) }
            guard !codes.isEmpty, codes.allSatisfy({ $0.map { (0...255).contains($0) } ?? false }) else {
                throw fields.wrong("\"expect_end\" needs exit codes from 0 to 255, \"any\" or \"not 0\"")
            }
            return .expectEnd(.codes(codes.compactMap(\.self)))
        case "expect_violation": return .expectViolation
        case "expect_description": return .expectDescription(try fields.choice(verb, DescriptionAspect.self))
        case "expect_readings":
            return .expectReadings(count: value, call: try fields.value("call"), sameAs: fields.object["same_as"], only: fields.object["only"])
        default:
            guard let variable = value.string else { throw fields.wrong("\"expect_call\" needs the name of a variable") }
            return .expectCall(variable: variable)
        }
    }
}
