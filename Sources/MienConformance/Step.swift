import MienJSON

/// One step of a script. Templates are JSON in which `$` stands for something that is only known when the script runs.
struct Step: Sendable {
    /// "3", or "3.1" within a repetition.
    let number: String
    let action: Action
    /// Replaces the time that an expectation has otherwise.
    let limit: Duration?

    indirect enum Action: Sendable {
        case hello(JSONValue)
        /// A frame in protobuf's JSON; written in pieces of so many bytes, if that is wanted.
        case send(JSONValue, pieces: Int?)
        case sendBytes(JSONValue, pieces: Int?)
        /// Begins a call; `isWhole`: with its only message and the half-close in one frame.
        case open(Opening, isWhole: Bool)
        /// A whole message, in chunks and as credit allows.
        case message(JSONValue, call: JSONValue, halfClose: Bool)
        case halfClose(call: JSONValue)
        case cancel(call: JSONValue)
        case close
        case signal(Int32)
        case wait(Duration)
        case reading(Bool)
        case credit(Bool)
        case repeated(Repetition, [Step])
        /// Asks something trivial, to see that the peer has survived.
        case lives(call: JSONValue)
        case expect(JSONValue)
        case expectStatus(codes: [UInt32], call: JSONValue, reason: String?, says: String?, skipsMessages: Bool)
        case expectMessage(JSONValue, call: JSONValue)
        /// The one message of a call and the status OK.
        case expectAnswer(JSONValue, call: JSONValue)
        case expectNothing(Duration, call: JSONValue)
        case expectEnd(EndRule)
        case expectViolation
        case expectDescription(DescriptionAspect)
        case expectReadings(count: JSONValue, call: JSONValue, sameAs: JSONValue?, only: JSONValue?)
        /// A whole request of a client; the variable becomes the number of its call.
        case expectCall(variable: String)
    }

    enum EndRule: Sendable {
        case any
        case notZero
        case codes([Int32])
    }

    struct Opening: Sendable {
        var method: JSONValue
        var call: JSONValue
        var message: JSONValue?
        var timeout: JSONValue?
        var metadata: JSONValue?
        var halfClose: Bool
    }

    struct Repetition: Sendable {
        var count: JSONValue
        var variable: String
        var first: Int
        var by: Int
    }
}

/// What is looked at in a plugin's description.
enum DescriptionAspect: String, Sendable, CaseIterable {
    case complete, ids, names, inputs, steady
}
