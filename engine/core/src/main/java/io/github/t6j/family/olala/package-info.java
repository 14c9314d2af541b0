/** Olala: hybrids of Mamba-3 mixers and differential tensor product attention. */
package io.github.t6j.family.olala;
