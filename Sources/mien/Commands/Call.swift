import ArgumentParser
import MienClient
import MienJSON
import MienReflection
import MienWire

struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call any method of a host, with JSON for messages.",
        discussion: """
            The host describes its own methods and messages, so this works for every method there is. Messages follow protobuf's JSON mapping. \
            Methods that take a stream get every line of JSON as one message; answers of methods that give a stream are printed a line each.

            EXAMPLES:
              mien call --list
              mien call GetInfo
              mien call /mien.v1.Estimation/EstimateFace --json '{"path": "/tmp/photo.jpg"}'
              ls $PWD/*.jpg | jq -Rc '{path: .}' | mien call EstimateFaces --json -
            """)

    @Argument(help: ArgumentHelp("/package.Service/Method, or as much of its end as is needed to tell it apart.", valueName: "method"))
    var method: String?

    @Option(help: ArgumentHelp("The request; - reads it from stdin. A stream: one message per line.", valueName: "json"))
    var json = "{}"

    @Option(help: ArgumentHelp("Seconds until the call is given up.", valueName: "seconds"))
    var timeout: Double?

    @Option(help: ArgumentHelp("A name and a value to send along; may be given several times.", valueName: "name=value"))
    var metadata: [String] = []

    @Flag(help: "Show the methods that there are.") var list = false

    @Flag(name: .shortAndLong, help: "Show trailing metadata on stderr: what the call has cost.") var verbose = false

    func validate() throws {
        if method == nil, !list { throw ValidationError("no method is given; mien call --list shows those there are") }
        if let timeout, !(timeout > 0 && timeout <= 86_400) { throw ValidationError("--timeout is \(timeout); it must be above 0 and at most 86400") }
        for entry in metadata where !entry.contains("=") { throw ValidationError("--metadata \(entry) is not of the form name=value") }
    }

    func run() async throws {
        try await running {
            let client = try await ownHost()
            do {
                let transcoder = try await Transcoder(client)
                if list {
                    say(Self.listing(transcoder.pool).joined(separator: "\n"))
                } else {
                    try await call(try Self.find(method ?? "", in: transcoder.pool), client, transcoder)
                }
            } catch let error as CallError {
                var failure = await failure(of: error, closing: client)
                // Whoever calls a method by name wants to see the status itself.
                failure.message = statusText(error)
                throw failure
            } catch {
                throw await failure(of: error, closing: client)
            }
            await client.close()
        }
    }

    private func call(_ method: MethodDescriptor, _ client: Client, _ transcoder: Transcoder) async throws {
        let messages = try messages(method, transcoder.pool)
        let entries = metadata.map { entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return MetadataEntry(String(parts[0]), String(parts[1]))
        }
        let limit = timeout.map { Duration.milliseconds(Int64($0 * 1000)) }
        let terminal = Terminal(descriptor: 1)
        if !method.isClientStreaming, !method.isServerStreaming {
            let answer = try await client.connection.unary(method.path, messages[0], metadata: entries, timeout: limit)
            say(try transcoder.json(method.outputType, answer.message).text(indent: terminal.isInteractive ? 2 : nil))
            show(answer.metadata)
            return
        }
        let stream = try await client.connection.call(method.path, metadata: entries, timeout: limit)
        let sending = Task {
            for message in messages { try await stream.send(message) }
            stream.halfClose()
        }
        defer { sending.cancel() }
        while let answer = try await stream.next() { say(try transcoder.json(method.outputType, answer).text()) }
        show(stream.trailingMetadata)
    }

    private func show(_ metadata: [MetadataEntry]) {
        guard verbose else { return }
        for entry in metadata { writeAll(2, printable("\(entry.name): \(entry.value)") + "\n") }
    }

    /// The requests, serialised.
    private func messages(_ method: MethodDescriptor, _ pool: DescriptorPool) throws -> [[UInt8]] {
        let text = json == "-" ? try StandardInput.read(limit: 256 << 20) : Array(json.utf8)
        let isBlank = { (line: ArraySlice<UInt8>) in line.allSatisfy { [0x20, 0x09, 0x0d].contains($0) } }
        let texts = method.isClientStreaming
            ? text.split(separator: UInt8(ascii: "\n")).filter { !isBlank($0) }
            : [text[...]]
        return try texts.enumerated().map { number, text in
            do {
                return try pool.jsonToMessage(method.inputType, try JSONValue.parse(text, limits: JSONLimits(bytes: 128 << 20)))
            } catch {
                let place = method.isClientStreaming ? "message \(number + 1)" : "the request"
                throw Failure("\(place) is not a \(method.inputType): \(error)", code: ExitStatus.usage)
            }
        }
    }

    /// - Throws: `Failure` if no method or more than one ends in `path`.
    static func find(_ path: String, in pool: DescriptorPool) throws -> MethodDescriptor {
        if let exact = pool.method(path) { return exact }
        let all = pool.services.flatMap(\.methods)
        let suffix = "/" + path
        let found = all.filter { $0.path.hasSuffix(suffix) || $0.path.hasSuffix("." + path) }
        if found.count == 1 { return found[0] }
        let which = found.isEmpty ? "no method \(path)" : "\(path) is not one method but \(found.count)"
        throw Failure("\(which); there are:\n" + (found.isEmpty ? all : found).map { "  " + $0.path }.joined(separator: "\n"), code: ExitStatus.usage)
    }

    static func listing(_ pool: DescriptorPool) -> [String] {
        pool.services.flatMap(\.methods).map { method in
            "\(method.path) (\(method.isClientStreaming ? "stream " : "")\(method.inputType)) -> \(method.isServerStreaming ? "stream " : "")\(method.outputType)"
        }
    }
}
