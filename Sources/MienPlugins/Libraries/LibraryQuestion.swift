import CPluginABI
import MienEstimation
import MienMessages
import MienWire

/// One question to a library while it is being answered: what the plugin sees of it, its memory, and what has been said so far.
///
/// The plugin may use several threads; everything that changes is behind a lock. Memory goes with the object, so that a thread that is late finds it all the same.
final class LibraryQuestion: @unchecked Sendable {
    private struct State {
        var readings: [Proto.PluginReading]
        var blocks: [Block] = []
        var scratch = 0
    }

    /// Memory that nobody looks at but those to whom it was given.
    private struct Block: @unchecked Sendable {
        let start: UnsafeMutableRawPointer
    }

    /// Most bytes of scratch memory of one question.
    static let scratchLimit = 1 << 30
    private static let alignment = 64

    let services: HostServices
    let context: EstimationContext
    /// Faces or clips.
    let count: Int
    private let question: UnsafeMutablePointer<mien_question>
    private let state: Locked<State>

    /// Faces, each of `[height, width, channels]` bytes, or clips.
    enum Items {
        case faces([[UInt8]], width: Int, height: Int, channels: Int)
        case clips([[UInt8]], rate: Int)
    }

    init(_ services: HostServices, estimator: String, _ items: Items, categories: [String], neutral: [Proto.NativeScore], _ context: EstimationContext) {
        self.services = services
        self.context = context
        switch items {
        case .faces(let faces, _, _, _): count = faces.count
        case .clips(let clips, _): count = clips.count
        }
        state = Locked(State(readings: [Proto.PluginReading](repeating: Proto.PluginReading(), count: count)))
        question = .allocate(capacity: 1)
        question.initialize(to: mien_question())
        question.pointee.abi = UInt32(MIEN_PLUGIN_ABI)
        question.pointee.size = UInt32(MemoryLayout<mien_question>.size)
        question.pointee.estimator = UnsafePointer(text(estimator))
        lend(items)
        if !categories.isEmpty {
            let names = array(of: UnsafePointer<CChar>?.self, categories.map { UnsafePointer(text($0)) })
            (question.pointee.categories, question.pointee.category_count) = (UnsafePointer(names), categories.count)
        }
        if !neutral.isEmpty {
            let scores = array(of: mien_score.self, neutral.map { mien_score(label: text($0.label), score: $0.score, reserved: 0) })
            (question.pointee.neutral, question.pointee.neutral_count) = (UnsafePointer(scores), neutral.count)
        }
    }

    deinit {
        for block in state.withLock({ $0.blocks }) { block.start.deallocate() }
        question.deallocate()
    }

    private func lend(_ items: Items) {
        switch items {
        case .faces(let faces, let width, let height, let channels):
            let lent = array(of: mien_face.self, faces.map { face in
                mien_face(pixels: copy(face).assumingMemoryBound(to: UInt8.self), width: UInt32(width), height: UInt32(height), channels: UInt32(channels), reserved: 0)
            })
            (question.pointee.faces, question.pointee.face_count) = (UnsafePointer(lent), faces.count)
        case .clips(let clips, let rate):
            let lent = array(of: mien_clip.self, clips.map { clip in
                let count = clip.count / MemoryLayout<Float>.stride
                let samples = copy(clip).bindMemory(to: Float.self, capacity: count)
                #if _endian(big)
                for index in 0..<count { samples[index] = Float(bitPattern: samples[index].bitPattern.byteSwapped) }
                #endif
                return mien_clip(samples: samples, count: count, rate: UInt32(rate), reserved: 0)
            })
            (question.pointee.clips, question.pointee.clip_count) = (UnsafePointer(lent), clips.count)
        }
    }

    // MARK: Memory

    /// Memory that goes with the question.
    private func memory(_ bytes: Int) -> UnsafeMutableRawPointer {
        let block = Block(start: .allocate(byteCount: max(bytes, 1), alignment: Self.alignment))
        state.withLock { $0.blocks.append(block) }
        return block.start
    }

    private func copy(_ bytes: [UInt8]) -> UnsafeMutableRawPointer {
        let block = memory(bytes.count)
        bytes.withUnsafeBytes { if let start = $0.baseAddress { block.copyMemory(from: start, byteCount: $0.count) } }
        return block
    }

    private func text(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = Array(text.utf8) + [0]
        return copy(bytes).bindMemory(to: CChar.self, capacity: bytes.count)
    }

    private func array<Element>(of type: Element.Type, _ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let start = memory(elements.count * MemoryLayout<Element>.stride).bindMemory(to: Element.self, capacity: elements.count)
        start.initialize(from: elements, count: elements.count)
        return start
    }

    /// - Throws: `Refusal` if it is nothing, or more than a question may have.
    func scratch(_ bytes: Int) throws(Refusal) -> UnsafeMutableRawPointer {
        guard bytes > 0 else { throw .invalid("scratch memory of \(bytes) bytes") }
        let isGranted = state.withLock { state in
            guard bytes <= Self.scratchLimit - state.scratch else { return false }
            state.scratch += bytes
            return true
        }
        guard isGranted else { throw .tooMuch("more than \(Self.scratchLimit) bytes of scratch memory for one question") }
        return memory(bytes)
    }

    // MARK: Asking

    /// Questions that are being answered: by their address, and by the number that stands for their answer. An address comes again, a number does not, so that nothing is said
    /// about the wrong face.
    private struct Open {
        var questions: [UInt: LibraryQuestion] = [:]
        var answers: [UInt: LibraryQuestion] = [:]
        var last: UInt = 0
    }

    private static let open = Locked(Open())

    /// The question at an address, if it is one that is being answered.
    static func at(_ pointer: UnsafeRawPointer?) -> LibraryQuestion? {
        let address = UInt(bitPattern: pointer)
        return open.withLock { $0.questions[address] }
    }

    /// The question that somebody answers.
    static func answered(_ handle: OpaquePointer?) -> LibraryQuestion? {
        let number = UInt(bitPattern: handle)
        return open.withLock { $0.answers[number] }
    }

    /// Lends the question to a plugin's function, with a handle for its answer.
    func ask(_ function: (UnsafePointer<mien_question>, OpaquePointer?) -> mien_status) -> mien_status {
        let address = UInt(bitPattern: question)
        let number = Self.open.withLock { open in
            open.last += 1
            open.questions[address] = self
            open.answers[open.last] = self
            return open.last
        }
        defer {
            Self.open.withLock { open in
                open.questions[address] = nil
                open.answers[number] = nil
            }
        }
        return function(question, OpaquePointer(bitPattern: number))
    }

    var answer: Proto.PluginReadings { Proto.PluginReadings(readings: state.withLock { $0.readings }) }

    /// Changes what has been said about an item.
    func change(_ item: Int, _ body: (inout Proto.PluginReading) throws(Refusal) -> Void) throws(Refusal) {
        guard (0..<count).contains(item) else { throw .invalid("there is no item \(item); they are \(count)") }
        try state.withLock { (state) throws(Refusal) in try body(&state.readings[item]) }
    }
}
