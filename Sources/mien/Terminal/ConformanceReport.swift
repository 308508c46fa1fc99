import MienConformance
import MienJSON

/// How a program fared, for people and for programs.
struct ConformanceReport {
    /// A result, seen in the light of what is known to fail.
    struct Entry {
        enum Verdict: String { case passed, failed, skipped, known }

        var name: String
        var about: String
        var verdict: Verdict
        var place = "", expected = "", came = ""
        var duration: Duration

        init(_ result: CaseResult, _ known: Set<String>) {
            (name, about, duration) = (result.subject.name, result.subject.about, result.duration)
            switch result.verdict {
            case .passed where known.contains(name):
                (verdict, expected, came) = (.failed, "to fail, as the list of known failures says", "no failure: take it off the list")
            case .passed: verdict = .passed
            case .skipped(let why): (verdict, came) = (.skipped, why)
            case .failed(let failure):
                verdict = known.contains(name) ? .known : .failed
                (place, expected, came) = (failure.place, failure.expected, failure.came)
            }
        }
    }

    var entries: [Entry]

    var failed: Int { count(.failed) }

    private func count(_ verdict: Entry.Verdict) -> Int { entries.count { $0.verdict == verdict } }

    func render(_ terminal: Terminal) -> [String] {
        var table = Table([.init("CASE"), .init("ABOUT", shrinks: true), .init("VERDICT")])
        for entry in entries {
            let style: Terminal.Style = switch entry.verdict {
            case .passed: .green
            case .failed: .red
            case .skipped, .known: .yellow
            }
            table.add([.init(entry.name), .init(entry.about), .init(entry.verdict == .known ? "fails, as known" : entry.verdict.rawValue, style)])
        }
        var lines = table.render(terminal)
        let failures = entries.filter { $0.verdict == .failed }
        if !failures.isEmpty { lines.append("") }
        for entry in failures {
            lines.append(terminal.styled(entry.name, .bold) + printable(entry.place.isEmpty ? "" : " (\(entry.place))"))
            lines.append(printable("  expected: \(entry.expected)"))
            lines.append(printable("  came:     \(entry.came)"))
        }
        lines += ["", summary]
        return lines
    }

    private var summary: String {
        let known = count(.known)
        return "\(count(.passed)) passed, \(failed) failed, \(count(.skipped)) skipped" + (known > 0 ? ", \(known) known to fail" : "")
    }

    /// One case as a line of JSON.
    static func line(_ entry: Entry, _ role: ConformanceCase.Role) -> String {
        var object = JSONObject([("case", .string(entry.name)), ("role", .string(role.rawValue)), ("verdict", .string(entry.verdict.rawValue))])
        for (name, value) in [("place", entry.place), ("expected", entry.expected), ("came", entry.came)] where !value.isEmpty { object.append(name, .string(value)) }
        let parts = entry.duration.components
        object.append("milliseconds", .number(JSONNumber(parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)))
        return JSONValue.object(object).text()
    }

    static func listing(_ cases: [ConformanceCase], _ terminal: Terminal) -> [String] {
        var table = Table([.init("CASE"), .init("FOR"), .init("ABOUT", shrinks: true)])
        for one in cases { table.add([.init(one.name), .init(one.roles.map(\.rawValue).sorted().joined(separator: ", ")), .init(one.about)]) }
        return table.render(terminal)
    }
}
