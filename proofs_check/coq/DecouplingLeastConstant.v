(* L1 at c = 1 needs K >= 0.388355, whatever w and G; 2/5 suffices (Decoupling.v).
   The law: g = G with probability 183/500, else g = -G s with s small, and a = w G^2 A^2 with s = (8/15) A, so that both
   roots are rational: 8^2 + 15^2 = 17^2. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Expectation Decoupling.
Local Open Scope R_scope.

Definition P : R := 183 / 500.
(* A = 2q/(1-q^2) and sqrt(1 + A^2) = (1+q^2)/(1-q^2) with q = 10^-8 *)
Definition A : R := 2 * 100000000 / (100000000 * 100000000 - 1).
Definition r1 : R := (100000000 * 100000000 + 1) / (100000000 * 100000000 - 1).
Definition s : R := 8 / 15 * A.
Definition rare (k : nat) : R := match k with O => P | S _ => 1 - P end.
Definition two_atoms (G : R) (k : nat) : R := match k with O => G | S _ => - (G * s) end.
(* sqrt(E b) in units of G sqrt(w) is at most this *)
Definition rho : R := 604979339 / 1000000000.

Lemma mean_of_two f : Ex 2 rare f = P * f O + (1 - P) * f 1%nat.
Proof. unfold Ex, rare. simpl. ring. Qed.

Lemma root_of w G x y : 0 < w -> 0 < G -> 0 <= x -> y = w * G² * x² -> sqrt y = sqrt w * G * x.
Proof.
  intros Hw HG Hx E. rewrite E. rewrite !sqrt_mult; try apply Rle_0_sqr; try lra.
  - rewrite !sqrt_Rsqr by lra. reflexivity.
  - apply Rmult_le_pos; [lra | apply Rle_0_sqr].
Qed.

Theorem decoupling_least_constant K w G : 0 < w -> 0 < G ->
  (forall n p g a, (forall k, (k < n)%nat -> 0 <= p k) -> sum n p = 1 -> 0 < a ->
     (forall k, (k < n)%nat -> Rabs (g k) <= G) -> decoupled_left 1 n p g a w <= decoupled_right K n p g G a w) ->
  388355 / 1000000 <= K.
Proof.
  intros Hw HG H. assert (HA : 0 < A) by (unfold A; lra). assert (Hr : 0 < r1) by (unfold r1; lra).
  assert (Hs : 0 < s < 1) by (unfold s, A; lra). assert (HG2 : 0 < G²) by (apply Rsqr_pos_lt; lra).
  pose proof (sqrt_lt_R0 w Hw) as Psw. assert (Esw : sqrt w * sqrt w = w) by (apply sqrt_sqrt; lra).
  assert (Ha : 0 < w * G² * A²) by (apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; auto | apply Rsqr_pos_lt; lra]).
  specialize (H 2%nat rare (two_atoms G) (w * G² * A²)
    ltac:(intros [|k] _; unfold rare, P; lra) ltac:(unfold rare, P; simpl; lra) Ha
    ltac:(intros [|k] _; unfold two_atoms; [rewrite Rabs_right | rewrite Rabs_Ropp, Rabs_right]; nra)).
  unfold decoupled_left, decoupled_right in H. rewrite !mean_of_two in H. cbn [two_atoms] in H.
  rewrite <- Rsqr_neg in H.
  set (m0 := P - (1 - P) * s). assert (Hm : 0 < m0) by (unfold m0, P, s, A; lra).
  replace (P * G + (1 - P) * - (G * s)) with (G * m0) in H by (unfold m0; ring).
  rewrite (root_of w G r1 (w * G² * A² + w * G²)) in H by (auto; try lra; unfold A, r1, Rsqr; field).
  rewrite (root_of w G (17 / 15 * A) (w * G² * A² + w * (G * s)²)) in H by (auto; try lra; unfold s, Rsqr; field).
  set (b := w * G² * A² + w * (P * G² + (1 - P) * (G * s)²)) in H.
  assert (Hb : sqrt b <= sqrt w * G * rho).
  { rewrite <- (root_of w G rho (w * G² * rho²)) by (auto; unfold rho; lra). apply sqrt_le_1_alt.
    replace b with (w * G² * (A² + P + (1 - P) * s²)) by (unfold b, Rsqr; ring).
    apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. unfold A, P, s, rho, A, Rsqr. lra. }
  assert (Pb : 0 < b) by (unfold b, P; pose proof (Rle_0_sqr (G * s)); nra). pose proof (sqrt_lt_R0 b Pb) as Psb.
  assert (L : G * m0² / (sqrt w * rho) <= 1 * (G * m0)² / sqrt b).
  { replace (G * m0² / (sqrt w * rho)) with (1 * (G * m0)² / (sqrt w * G * rho)) by (unfold rho, Rsqr; field; lra).
    apply Rmult_le_compat_l; [pose proof (Rle_0_sqr (G * m0)); lra|]. apply Rinv_le_contravar; lra. }
  (* in units of G/sqrt(w) *)
  assert (C : m0² / rho <= m0 * (P / r1 - (1 - P) * (8 / 17)) + K * (P / r1² + (1 - P) * (64 / 289))).
  { apply Rmult_le_reg_l with (G / sqrt w); [apply Rdiv_lt_0_compat; auto|].
    apply Rle_trans with (G * m0² / (sqrt w * rho)); [right; unfold rho; field; lra|].
    apply Rle_trans with (1 := L). apply Rle_trans with (1 := H). right.
    replace (w * G² * A² + w * G²) with (sqrt w * sqrt w * G² * r1²) by (rewrite Esw; unfold A, r1, Rsqr; field).
    replace (w * G² * A² + w * (G * s)²) with (sqrt w * sqrt w * G² * (17 / 15 * A)²)
      by (rewrite Esw; unfold s, Rsqr; field).
    unfold s, Rsqr. field. lra. }
  clear - C Hm. unfold m0, s, P, rho, r1, A, Rsqr in *. lra.
Qed.
