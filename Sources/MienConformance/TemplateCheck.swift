import MienJSON
import MienMessages
import MienReflection

/// Fills in all templates of a case once, with values made up, so that a mistake is found when the file is read and not when a peer is tested.
struct TemplateCheck {
    private let subject: ConformanceCase
    private let descriptors: DescriptorPool

    init(_ subject: ConformanceCase, _ descriptors: DescriptorPool) {
        self.subject = subject
        self.descriptors = descriptors
    }

    func run() throws(CaseFileError) {
        var scope = Scope(descriptors: descriptors, isTrial: true)
        scope.variables["unary"] = .string("/mien.v1.Host/GetInfo")
        if subject.each != nil {
            let input: Proto.PluginEstimator.Input = subject.each == .voice ? .voice(Proto.VoiceInput()) : .face(Proto.FaceInput(width: 8, height: 8))
            let estimator = Proto.PluginEstimator(id: "some", categories: ["Anger"], input: input)
            scope.estimator = estimator
            scope.variables.merge(variables(of: estimator)) { $1 }
        }
        try check(subject.steps, &scope)
    }

    private func check(_ steps: [Step], _ scope: inout Scope) throws(CaseFileError) {
        for step in steps {
            do throws(TemplateError) {
                try check(step, &scope)
            } catch {
                throw CaseFileError(subject.file, "\(subject.name), step \(step.number)", error.description)
            }
            if case .repeated(let repetition, let inner) = step.action {
                var within = scope
                within.variables[repetition.variable] = .number(JSONNumber(1))
                try check(inner, &within)
            }
        }
    }

    private func check(_ step: Step, _ scope: inout Scope) throws(TemplateError) {
        switch step.action {
        case .hello(let fields): _ = try scope.message("mien.v1.Hello", fields)
        case .send(let frame, _): _ = try scope.frame(frame)
        case .sendBytes(let bytes, _): _ = try scope.bytes(bytes)
        case .open(let opening, let isWhole):
            let method = try scope.string(opening.method)
            _ = try scope.call(opening.call)
            if isWhole, opening.message == nil { throw TemplateError(description: "\"ask\" needs \"message\"") }
            if let message = opening.message { _ = try scope.bytes(message, type: descriptors.method(method)?.inputType) }
            for part in [opening.timeout, opening.metadata] { if let part { _ = try scope.json(part) } }
        case .message(_, let call, _), .halfClose(let call), .cancel(let call), .lives(let call), .expectMessage(_, let call), .expectAnswer(_, let call),
             .expectStatus(_, let call, _, _, _), .expectNothing(_, let call), .expectReadings(_, let call, _, _):
            _ = try scope.call(call)
        case .repeated(let repetition, _): _ = try scope.number(repetition.count)
        case .expectCall(let variable): scope.variables[variable] = .number(JSONNumber(1))
        case .expect, .expectEnd, .expectViolation, .expectDescription, .close, .signal, .wait, .reading, .credit: break
        }
    }
}

/// What a script can call an estimator's properties.
func variables(of estimator: Proto.PluginEstimator) -> [String: JSONValue] {
    ["estimator": .string(estimator.id), "estimate": .string(MadeUpRequest.method(estimator)), "batch": .number(JSONNumber(max(estimator.batch, 1)))]
}
