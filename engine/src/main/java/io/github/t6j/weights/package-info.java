/**
 * From a model's files to named tensors, and back. It uses {@code json} and
 * {@link io.github.t6j.ModelFormatException}, and knows nothing of what a tensor is for.
 *
 * <p>Who uses what:
 * <ul>
 *   <li>loading a model: {@link io.github.t6j.weights.Checkpoint}, whose {@link io.github.t6j.weights.Tensor}s are
 *       repacked by the kernels and then freed by closing it;
 *   <li>{@code convert}, {@code init}, {@code logits}: {@link io.github.t6j.weights.Safetensors#write} with
 *       {@link io.github.t6j.weights.Tensor#of}, or with a checkpoint's own tensors;
 *   <li>config.json, tokenizer.json, t6j.json: {@link io.github.t6j.json.Json}.
 * </ul>
 *
 * <p>How a file becomes tensors. {@code FileBytes} maps or copies it whole into off-heap memory; everything after works
 * on that memory, and a tensor is a read-only slice of it: {@code CheckpointFiles} (which file of a folder) →
 * {@code Checkpoint} (what its first bytes say it is) → {@code Safetensors}, or {@code ShardIndex} and then each shard,
 * or {@code Gguf}, or {@code TorchCheckpoint}. The last reads a zip file by its {@code ZipDirectory}, which checks the
 * CRC-32 of what is used, and so reads it, (or the form before torch 1.6), lets {@code Unpickler} and {@code TorchPickle}
 * turn the pickle into descriptions of tensors, checks these against the storages, and copies, with {@code StridedCopy},
 * only what is not contiguous. {@code Gguf} reads, by {@code GgufReader}, what stands before the data; tensors of types
 * that kernels do not know stay as they are until {@code Checkpoint.rows} is asked for one and {@code GgmlBlocks} turns it
 * into Q8_0: to open a model takes no more memory than one of its tensors. To add a format: a class with a {@code parse}
 * from memory to {@code Map<String, Tensor>}, and a line or two in {@code Checkpoint}.
 *
 * <p>Files are not trusted. Every length, offset and shape is checked before it is used, with arithmetic that cannot
 * overflow; no file makes this package run code, nest without limit, or take much more memory than the file is long.
 * What is wrong with a file is a {@code ModelFormatException}; what the system refuses (no such file, no permission, no
 * memory) an {@link java.io.UncheckedIOException}; both name the file in one line.
 */
package io.github.t6j.weights;
