// What estimators get and give, over mien_plugin.h, which says more about each of these. Written by `mien plugins new`, and yours to change: what is not here, such as
// networks on the host's kernels, is a call of a function of `Host.table`.
import CMien

// MARK: What a plugin is made of

struct Plugin: Sendable {
    /// As in plugin.json.
    let id: String
    let version: String
    let estimators: [any Estimator.Type]
}

/// One estimator of the plugin. It is asked on several threads at once. What it throws fails the question, with the error's words for the caller; a trap, such as an
/// index out of range, ends the process.
protocol Estimator: Sendable {
    /// As in plugin.json.
    static var id: String { get }
    /// Loads what it needs, so that its first question takes no longer than the others.
    init(host: Host) throws
}

protocol VoiceEstimator: Estimator {
    func read(_ clip: Clip, of question: Question) throws -> Reading
}

protocol FaceEstimator: Estimator {
    func read(_ face: Face, of question: Question) throws -> Reading
}

/// Speech: mono, full scale -1...1, at least one sample. The memory is there until `read` returns.
struct Clip {
    let samples: UnsafeBufferPointer<Float>
    /// Hz.
    let rate: Int
}

/// A face as plugin.json wants it. The memory is there until `read` returns.
struct Face {
    /// Rows from top to bottom: [height, width, channels].
    let pixels: UnsafeBufferPointer<UInt8>
    let width, height: Int
    /// 1: grey; 3: red, green, blue.
    let channels: Int
}

/// What an estimator says about a clip or a face. Names are those of plugin.json.
struct Reading: Sendable {
    /// Intensities, 0...1.
    var categories: [String: Float] = [:]
    /// -1...1
    var dimensions: [String: Float] = [:]
    var attributes: [Attribute] = []
    /// Of all native labels in their order, or none.
    var nativeScores: [(label: String, score: Float)] = []
    /// Doubts about the input; a reason is in UPPER_SNAKE_CASE.
    var warnings: [(reason: String, message: String)] = []
}

struct Attribute: Sendable {
    var name: String
    var value: Float
    var range: ClosedRange<Float>
    /// Of the numbers, such as "Hz".
    var meaning: String
    /// What the ends of the range are, such as "cold" and "warm".
    var lowEnd: String
    var highEnd: String
}

/// Words for the caller: one sentence without a full stop.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

struct Cancelled: Error {}

// MARK: What the host offers

struct Host: @unchecked Sendable {
    enum Level: Int32 { case trace = 1, debug, info, notice, warning, error, critical }

    let table: UnsafePointer<mien_host>

    /// Writes a line to the host's log, under the plugin's name.
    func log(_ text: String, _ level: Level = .notice) { table.pointee.log(table, level.rawValue, text) }

    /// Maps a file that plugin.json lists, once its digest is checked; it stays until the plugin is closed.
    func file(_ name: String) throws -> UnsafeRawBufferPointer {
        var file = mien_file()
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { words in
            words.initialize(repeating: 0)
            guard Int(table.pointee.file_map(table, name, &file, words.baseAddress, words.count)) == MIEN_OK else { throw Failure(String(cString: words.baseAddress!)) }
        }
        return UnsafeRawBufferPointer(start: file.bytes, count: file.size)
    }
}

/// What the clips or faces came with.
struct Question {
    let host: Host
    let pointer: UnsafePointer<mien_question>

    /// The only categories that anyone asks for; empty: all. Others may be left out, and need not.
    var categories: [String] {
        UnsafeBufferPointer(start: pointer.pointee.categories, count: pointer.pointee.category_count).compactMap { $0.map { String(cString: $0) } }
    }

    /// Native scores of the same speaker's neutral voice; empty: not known.
    var neutral: [String: Float] {
        let scores = UnsafeBufferPointer(start: pointer.pointee.neutral, count: pointer.pointee.neutral_count)
        return Dictionary(scores.map { (String(cString: $0.label), $0.score) }) { $1 }
    }

    /// To be called every few milliseconds of work.
    ///
    /// - Throws: `Cancelled` when nobody waits for the answer any more.
    func checkCancellation() throws {
        if host.table.pointee.is_cancelled(pointer) { throw Cancelled() }
    }
}

// MARK: The functions that the host calls

/// An estimator from `open` to `close`.
private final class Opened: Sendable {
    let host: Host
    let estimator: any Estimator

    init(_ host: Host, _ estimator: any Estimator) {
        self.host = host
        self.estimator = estimator
    }
}

@_cdecl("mien_plugin_entry")
public func entry(_ host: UnsafePointer<mien_host>?) -> UnsafePointer<mien_plugin>? { table }

nonisolated(unsafe) private let table: UnsafePointer<mien_plugin>? = {
    var table = mien_plugin()
    table.abi = UInt32(MIEN_PLUGIN_ABI)
    table.size = UInt32(MemoryLayout<mien_plugin>.size)
    (table.lowest_abi, table.highest_abi) = (1, UInt32(MIEN_PLUGIN_ABI))
    table.id = keep(plugin.id.utf8CString)
    table.version = keep(plugin.version.utf8CString)
    table.estimators = keep(plugin.estimators.map { keep($0.id.utf8CString) })
    table.estimator_count = plugin.estimators.count
    table.flags = MIEN_PLUGIN_THREAD_SAFE
    table.open = { table, id, state, words, size in
        status(words, size) {
            guard let table, let id, let type = plugin.estimators.first(where: { $0.id == String(cString: id) }) else { throw Failure("there is no such estimator") }
            let host = Host(table: table)
            state?.pointee = Unmanaged.passRetained(Opened(host, try type.init(host: host))).toOpaque()
        }
    }
    table.close = { state in
        if let state { Unmanaged<Opened>.fromOpaque(state).release() }
    }
    if plugin.estimators.contains(where: { $0 is any VoiceEstimator.Type }) {
        table.estimate_voices = { state, question, answer, words, size in
            status(words, size) {
                try reply(state, question, answer, about: question?.pointee.clip_count) { estimator, question, item in
                    guard let estimator = estimator as? any VoiceEstimator else { throw Failure("it does not read voices") }
                    let clip = question.pointer.pointee.clips[item]
                    return try estimator.read(Clip(samples: UnsafeBufferPointer(start: clip.samples, count: clip.count), rate: Int(clip.rate)), of: question)
                }
            }
        }
    }
    if plugin.estimators.contains(where: { $0 is any FaceEstimator.Type }) {
        table.estimate_faces = { state, question, answer, words, size in
            status(words, size) {
                try reply(state, question, answer, about: question?.pointee.face_count) { estimator, question, item in
                    guard let estimator = estimator as? any FaceEstimator else { throw Failure("it does not read faces") }
                    let face = question.pointer.pointee.faces[item], (width, height, channels) = (Int(face.width), Int(face.height), Int(face.channels))
                    let pixels = UnsafeBufferPointer(start: face.pixels, count: width * height * channels)
                    return try estimator.read(Face(pixels: pixels, width: width, height: height, channels: channels), of: question)
                }
            }
        }
    }
    return keep([table])
}()

/// In memory that stays, as the host wants it.
private func keep<Element>(_ elements: some Collection<Element>) -> UnsafePointer<Element>? {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
    _ = memory.initialize(from: elements)
    return UnsafePointer(memory.baseAddress)
}

/// What becomes of `body` in the words of C.
private func status(_ words: UnsafeMutablePointer<CChar>?, _ size: Int, _ body: () throws -> Void) -> mien_status {
    do {
        try body()
        return mien_status(MIEN_OK)
    } catch is Cancelled {
        return mien_status(MIEN_CANCELLED)
    } catch {
        var text = "\(error)"
        while text.utf8.count >= max(size, 1) { text.removeLast() }
        if let words, size > 0 { _ = UnsafeMutableBufferPointer(start: words, count: size).update(from: text.utf8CString) }
        return mien_status(MIEN_FAILED)
    }
}

private func reply(_ state: UnsafeMutableRawPointer?, _ question: UnsafePointer<mien_question>?, _ answer: OpaquePointer?, about count: Int?,
                   _ read: (any Estimator, Question, Int) throws -> Reading) throws {
    guard let state, let question, let count else { throw Failure("it was asked nothing") }
    let opened = Unmanaged<Opened>.fromOpaque(state).takeUnretainedValue(), host = opened.host.table.pointee
    let asked = Question(host: opened.host, pointer: question)
    for item in 0..<count {
        try asked.checkCancellation()
        let reading = try read(opened.estimator, asked, item)
        func add(_ what: String, _ name: String, _ status: mien_status) throws {
            guard Int(status) == MIEN_OK else { throw Failure("the host does not take the \(what) \"\(name)\"; its log says why") }
        }
        for (name, intensity) in reading.categories.sorted(by: { $0.key < $1.key }) { try add("category", name, host.add_category(answer, item, name, intensity)) }
        for (name, value) in reading.dimensions.sorted(by: { $0.key < $1.key }) { try add("dimension", name, host.add_dimension(answer, item, name, value)) }
        for one in reading.attributes {
            try one.meaning.withCString { meaning in
                var scale = mien_scale(minimum: one.range.lowerBound, maximum: one.range.upperBound, meaning: meaning)
                try add("attribute", one.name, host.add_attribute(answer, item, one.name, one.value, &scale, one.lowEnd, one.highEnd))
            }
        }
        for one in reading.nativeScores { try add("native score", one.label, host.add_native_score(answer, item, one.label, one.score)) }
        for one in reading.warnings { try add("warning", one.reason, host.add_warning(answer, item, one.reason, one.message)) }
    }
}
