/// What lets us read a repository that is not for everybody. It prints as the name of its variable and never as itself.
struct HubToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// In this order; the latter two are those of the hub's own tools.
    static let variables = ["MIEN_HUB_TOKEN", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]

    let variable: String
    private let value: String

    /// `nil` if no variable is set.
    ///
    /// - Throws: `sourcesFailed` for text that is no bearer token (RFC 6750, section 2.1), which might end the header and begin another.
    init?(from store: ModelStore) throws(ModelStoreError) {
        for variable in Self.variables {
            guard let text = store.variable(variable), !text.isEmpty else { continue }
            let isToken = text.utf8.count <= 1_024 && text.utf8.allSatisfy { SafeName.isLetterOrDigit($0) || "-._~+/=".utf8.contains($0) }
            guard isToken else { throw ModelStoreError(.sourcesFailed, "\(variable) holds characters that no token has") }
            self.variable = variable
            value = text
            return
        }
        return nil
    }

    /// For curl's `--config`.
    var configuration: String { "header = \"Authorization: Bearer \(value)\"\n" }

    var description: String { variable }
    var customMirror: Mirror { Mirror(self, children: ["variable": variable]) }

    /// - Throws: `sourcesFailed` if curl is too old: up to 7.82 it passed such a header on to other ports.
    static func check(curl environment: [String: String]) async throws(ModelStoreError) {
        let outcome: Tool.Outcome
        do throws(Tool.Failure) {
            outcome = try await Tool.run("curl", ["--version"], environment: environment.mapValues(Optional.some))
        } catch {
            if case .cancelled = error { throw ModelStoreError(.cancelled, "cancelled") }
            throw ModelStoreError(.sourcesFailed, "curl is not installed")
        }
        let words = outcome.output.split(separator: " ")
        let numbers = words.count > 1 ? words[1].split(separator: ".").compactMap { Int($0) } : []
        guard numbers.count >= 2, (numbers[0], numbers[1]) >= (7, 83) else {
            throw ModelStoreError(.sourcesFailed, "curl is too old to keep a token from other hosts; 7.83 or newer is needed, or no token")
        }
    }
}
