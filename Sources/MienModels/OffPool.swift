internal import Dispatch

/// Runs something that blocks, such as hashing a large file, outside Swift's cooperative pool.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws(ModelStoreError) -> Value) async throws(ModelStoreError) -> Value {
    let result: Result<Value, ModelStoreError> = await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            do throws(ModelStoreError) {
                continuation.resume(returning: .success(try body()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
    }
    return try result.get()
}
