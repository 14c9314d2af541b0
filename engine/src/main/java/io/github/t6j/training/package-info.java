/**
 * What a training run reads: {@link io.github.t6j.training.TokenData} is token ids, mapped from files, and
 * {@link io.github.t6j.training.BatchOrder} says which of them come next.
 *
 * <p>A text's way to ids: {@link io.github.t6j.training.Documents} takes a file (FileParts) apart into documents,
 * DocumentEncoder tokenises them on all cores, and TokenCache keeps the ids in a file, so that it happens once. Shards
 * (TokenShard) are ids already. Either is mapped (MappedIds).
 */
package io.github.t6j.training;
