(* L1: g a random variable with |g| <= G, m = E g, b = a + w g^2, a > 0, w > 0. Then
       c m^2/sqrt(E b) <= E[m g/sqrt(b)] + K G sqrt(w) E[g^2/b]
   for (c, K) = (1/2, 2) (published), for (1 - k, 1/(8k)), k > 0, and for (1, 2/5).

   Write s = sqrt(E b), q = sqrt(b), phi = g/q and <u, v> = E[u v]: then m = <phi, q>, E[g/q] = <phi, 1> and
   |phi|^2 = Q = E[g^2/b], and everything lost is m <phi, 1 - q/s>. It is small because s - E q, the gap of Jensen's
   inequality for the square root, is: s - E q <= r/4 and s (s - E q) <= (4/27) r^2 with r = G sqrt(w). All that this
   uses of b is that it lies between a and a + r^2, and so the first section has it. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Expectation.
Local Open Scope R_scope.

Definition decoupled_left (c : R) n p (g : nat -> R) (a w : R) : R :=
  c * (Ex n p g)² / sqrt (a + w * Ex n p (fun k => (g k)²)).
Definition decoupled_right (K : R) n p (g : nat -> R) (G a w : R) : R :=
  Ex n p (fun k => Ex n p g * g k / sqrt (a + w * (g k)²))
  + K * G * sqrt w * Ex n p (fun k => (g k)² / (a + w * (g k)²)).

(* The inequality, for every finite law. *)
Definition decoupling (c K : R) : Prop := forall n p g G a w,
  (forall k, (k < n)%nat -> 0 <= p k) -> sum n p = 1 -> 0 < a -> 0 < w ->
  (forall k, (k < n)%nat -> Rabs (g k) <= G) ->
  decoupled_left c n p g a w <= decoupled_right K n p g G a w.

(* Any b between a and a + r^2. *)
Section Between.
Variables (n : nat) (p g b : nat -> R) (a r : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis a_pos : 0 < a.
Hypothesis r_nonneg : 0 <= r.
Hypothesis b_low : forall k, a <= b k.
Hypothesis b_up : forall k, (k < n)%nat -> b k <= a + r * r.

Local Notation E := (Ex n p).
Let q k := sqrt (b k).
Let s := sqrt (E b).
Let Q := E (fun k => (g k)² / b k).
Let m := E g.
Let gap := s - E q.

Local Lemma b_pos k : 0 < b k.
Proof. pose proof (b_low k). lra. Qed.
Local Lemma q_pos k : 0 < q k.
Proof. apply sqrt_lt_R0, b_pos. Qed.
Local Lemma q_sq k : q k * q k = b k.
Proof. apply sqrt_sqrt. pose proof (b_pos k); lra. Qed.
Lemma mean_between : a <= E b <= a + r * r.
Proof.
  split; [rewrite <- (Ex_const n p p_one a) | rewrite <- (Ex_const n p p_one (a + r * r))]; apply Ex_le; auto.
Qed.
Local Lemma s_pos : 0 < s.
Proof. apply sqrt_lt_R0. pose proof mean_between. lra. Qed.
Local Lemma s_sq : s * s = E b.
Proof. apply sqrt_sqrt. pose proof mean_between. lra. Qed.
Local Lemma Q_nonneg : 0 <= Q.
Proof.
  apply Ex_nonneg; auto; intros k _. apply Rmult_le_pos; [apply Rle_0_sqr|].
  left; apply Rinv_0_lt_compat, b_pos.
Qed.

(* q lies in [sqrt a, sqrt (a + r^2)], so E[(q - r0)(r1 - q)] >= 0. *)
Local Lemma jensen : exists r0 r1, 0 < r0 /\ r0 <= s <= r1 /\ r1 * r1 - r0 * r0 = r * r
  /\ (r0 + r1) * gap <= (s - r0) * (r1 - s).
Proof.
  exists (sqrt a), (sqrt (a + r * r)). set (r0 := sqrt a). set (r1 := sqrt (a + r * r)).
  assert (H0 : r0 * r0 = a) by (apply sqrt_sqrt; lra).
  assert (H1 : r1 * r1 = a + r * r) by (apply sqrt_sqrt; nra).
  pose proof mean_between as Hm. assert (Hs : r0 <= s <= r1) by (split; apply sqrt_le_1_alt; lra).
  split; [apply sqrt_lt_R0; lra|]. split; [auto|]. split; [lra|].
  assert (Hk : 0 <= E (fun k => (q k - r0) * (r1 - q k))).
  { apply Ex_nonneg; auto. intros k Hk.
    assert (r0 <= q k) by (apply sqrt_le_1_alt; apply b_low).
    assert (q k <= r1) by (apply sqrt_le_1_alt; apply b_up; auto). apply Rmult_le_pos; lra. }
  replace (E (fun k => (q k - r0) * (r1 - q k))) with ((r0 + r1) * E q - E b - r0 * r1) in Hk.
  - rewrite <- s_sq in Hk. unfold gap. nra.
  - rewrite <- (Ex_const n p p_one (r0 * r1)), <- Ex_scal, <- !Ex_minus.
    apply Ex_ext; intros k _. rewrite <- q_sq. ring.
Qed.

Local Lemma jensen_gap : gap <= r / 4.
Proof.
  destruct jensen as (r0 & r1 & P0 & P01 & H & Hq).
  assert (r1 - r0 <= r) by (apply Rnot_lt_le; intros K; nra).
  apply Rmult_le_reg_l with (r0 + r1); [lra|]. apply Rle_trans with (1 := Hq).
  pose proof (Rle_0_sqr (s - (r0 + r1) / 2)). unfold Rsqr in *. nra.
Qed.

Local Lemma jensen_gap_s : s * gap <= 4 / 27 * (r * r).
Proof.
  destruct jensen as (r0 & r1 & P0 & P01 & H & Hq). rewrite <- H. pose proof s_pos as Ps.
  pose (y := s - r0). pose (z := r1 - r0). assert (Hy : 0 <= y <= z) by (unfold y, z; lra).
  (* (r0+y) y (z-y) <= (4/27) z (2 r0 + z)^2 *)
  assert (K1 : y * (z - y) <= z * z / 4)
    by (pose proof (Rle_0_sqr (y - z / 2)); unfold Rsqr in *; nra).
  assert (K2 : y * y * (z - y) <= 4 / 27 * (z * z * z)).
  { assert (0 <= (y - 2 / 3 * z)² * (y + z / 3)) by (apply Rmult_le_pos; [apply Rle_0_sqr | lra]).
    unfold Rsqr in *. lra. }
  assert (K3 : 0 <= r0 * r0 * z) by (apply Rmult_le_pos; nra).
  assert (K4 : r0 * (y * (z - y)) <= r0 * (z * z / 4)) by (apply Rmult_le_compat_l; lra).
  assert (K5 : 0 <= r0 * (z * z)) by (apply Rmult_le_pos; nra).
  assert (K : s * ((s - r0) * (r1 - s)) <= (r0 + r1) * (4 / 27 * (r1 * r1 - r0 * r0))).
  { replace s with (r0 + y) by (unfold y; ring). replace r1 with (r0 + z) by (unfold z; ring). lra. }
  apply Rmult_le_reg_l with (r0 + r1); [lra|]. apply Rle_trans with (2 := K).
  apply Rle_trans with (s * ((r0 + r1) * gap)); [lra|]. apply Rmult_le_compat_l; lra.
Qed.

(* D = s <phi, 1 - q/s>: E[m g/sqrt b] = m^2/s + m D/s. *)
Let D := E (fun k => g k / q k * (s - q k)).

Local Lemma split : E (fun k => m * g k / sqrt (b k)) = m² / s + m / s * D.
Proof.
  pose proof s_pos as Ps. unfold D. rewrite <- Ex_scal.
  replace (m² / s) with (m / s * m) by (unfold Rsqr; field; lra).
  unfold m at 3. rewrite <- (Ex_scal n p (m / s) g), <- Ex_plus. apply Ex_ext; intros k _.
  fold (q k). pose proof (q_pos k). field; lra.
Qed.

(* Cauchy-Schwarz for <phi, (tau + 1) q - s>. *)
Local Lemma cauchy_phi tau : (tau * m - D)² <= Q * (tau² * (s * s) + 2 * (tau + 1) * (s * gap)).
Proof.
  assert (HQ : E (fun k => (g k / q k)²) = Q).
  { apply Ex_ext; intros k _. rewrite <- q_sq. pose proof (q_pos k). unfold Rsqr; field; lra. }
  replace (tau * m - D) with (E (fun k => g k / q k * ((tau + 1) * q k - s))).
  2:{ unfold D, m. rewrite <- Ex_scal, <- Ex_minus. apply Ex_ext; intros k _.
      pose proof (q_pos k). field; lra. }
  replace (tau² * (s * s) + 2 * (tau + 1) * (s * gap)) with (E (fun k => ((tau + 1) * q k - s)²)).
  2:{ replace (tau² * (s * s) + 2 * (tau + 1) * (s * gap))
        with ((tau + 1)² * E b - 2 * (tau + 1) * s * E q + s * s)
        by (rewrite <- s_sq; unfold gap, Rsqr; ring).
      rewrite <- (Ex_const n p p_one (s * s)), <- !Ex_scal, <- Ex_minus, <- Ex_plus.
      apply Ex_ext; intros k _. rewrite <- q_sq. unfold Rsqr; ring. }
  rewrite <- HQ. apply (cauchy_weighted n p (fun k => g k / q k)); auto.
Qed.

Lemma decoupling_between :
  (Ex n p g)² / sqrt (Ex n p b)
  <= Ex n p (fun k => Ex n p g * g k / sqrt (b k)) + 2 / 5 * r * Ex n p (fun k => (g k)² / b k).
Proof.
  fold s m. change (E (fun k => (g k)² / b k)) with Q. rewrite split. pose proof s_pos as Ps. pose proof Q_nonneg as PQ.
  assert (HD : - (s * (2 / 5 * r * Q)) <= m * D).
  { pose proof jensen_gap as J1. pose proof jensen_gap_s as J2.
    destruct r_nonneg as [Pr | Z].
    - (* 4 tau m D >= - (tau m - D)^2 at tau = r/(2s) *)
      set (tau := r / (2 * s)).
      assert (Ht : 0 < tau) by (apply Rdiv_lt_0_compat; lra).
      assert (Hts : tau * s = r / 2) by (unfold tau; field; lra).
      pose proof (cauchy_phi tau) as HC.
      assert (HB : tau² * (s * s) + 2 * (tau + 1) * (s * gap) <= 4 * tau * (s * (2 / 5 * r))).
      { replace (tau² * (s * s) + 2 * (tau + 1) * (s * gap)) with
          ((tau * s) * (tau * s) + 2 * (tau * s) * gap + 2 * (s * gap)) by (unfold Rsqr; ring).
        replace (4 * tau * (s * (2 / 5 * r))) with (8 / 5 * ((tau * s) * r)) by field.
        rewrite Hts. pose proof (Rle_0_sqr r). unfold Rsqr in *.
        apply (Rmult_le_compat_l r) in J1; lra. }
      apply Rmult_le_reg_l with (4 * tau); [lra|].
      replace (4 * tau * (m * D)) with ((tau * m + D)² - (tau * m - D)²) by (unfold Rsqr; ring).
      apply (Rmult_le_compat_l Q) in HB; [|auto].
      pose proof (Rle_0_sqr (tau * m + D)). lra.
    - pose proof (cauchy_phi 0) as HC. rewrite <- Z in *.
      assert (D² <= 0) by (unfold Rsqr in *; nra).
      assert (D = 0) by (apply Rsqr_0_uniq; pose proof (Rle_0_sqr D); lra). nra. }
  apply Rmult_le_reg_l with s; [auto|].
  replace (s * (m² / s)) with (m²) by (field; lra).
  replace (s * (m² / s + m / s * D + 2 / 5 * r * Q)) with (m² + m * D + s * (2 / 5 * r * Q)) by (field; lra). lra.
Qed.

Lemma decoupling_between_family k : 0 < k ->
  (1 - k) * (Ex n p g)² / sqrt (Ex n p b)
  <= Ex n p (fun k => Ex n p g * g k / sqrt (b k)) + 1 / (8 * k) * r * Ex n p (fun k => (g k)² / b k).
Proof.
  intros Hk. fold s m. change (E (fun k => (g k)² / b k)) with Q. rewrite split. pose proof s_pos as Ps.
  assert (HD : D² <= Q * (2 * s * (r / 4))).
  { pose proof (cauchy_phi 0) as HC. pose proof Q_nonneg as PQ.
    replace ((0 * m - D)²) with (D²) in HC by (unfold Rsqr; ring).
    apply Rle_trans with (1 := HC). apply Rmult_le_compat_l; [auto|].
    rewrite Rsqr_0. pose proof jensen_gap. nra. }
  apply Rmult_le_reg_l with s; [auto|].
  replace (s * ((1 - k) * m² / s)) with (m² - k * m²) by (field; lra).
  replace (s * (m² / s + m / s * D + 1 / (8 * k) * r * Q))
    with (m² + m * D + Q * (2 * s * (r / 4)) / (4 * k)) by (field; lra).
  (* - k m^2 - D^2/(4k) <= m D *)
  replace (m * D) with (- (k * m²) - D² / (4 * k) + k * (m + D / (2 * k))²) by (unfold Rsqr; field; lra).
  pose proof (Rle_0_sqr (m + D / (2 * k))).
  assert (D² / (4 * k) <= Q * (2 * s * (r / 4)) / (4 * k)).
  { apply Rmult_le_compat_r; [|auto]. left; apply Rinv_0_lt_compat; lra. }
  assert (0 <= k * (m + D / (2 * k))²) by (apply Rmult_le_pos; lra). lra.
Qed.
End Between.

Section Law.
Variables (n : nat) (p g : nat -> R) (G a w : R).
Hypothesis p_pos : forall k, (k < n)%nat -> 0 <= p k.
Hypothesis p_one : sum n p = 1.
Hypothesis a_pos : 0 < a.
Hypothesis w_pos : 0 < w.
Hypothesis g_bnd : forall k, (k < n)%nat -> Rabs (g k) <= G.

Local Notation E := (Ex n p).
Let b k := a + w * (g k)².
Let r := G * sqrt w.

Local Lemma mean_b : E b = a + w * E (fun k => (g k)²).
Proof. unfold b. rewrite Ex_plus, Ex_const, Ex_scal; auto. Qed.
Local Lemma G_nonneg : 0 <= G.
Proof.
  destruct n as [|n']; [simpl in p_one; lra|].
  apply Rle_trans with (Rabs (g 0)); [apply Rabs_pos | apply g_bnd; lia].
Qed.
Local Lemma r_nonneg : 0 <= r.
Proof. apply Rmult_le_pos; [apply G_nonneg | apply sqrt_pos]. Qed.
Local Lemma b_low k : a <= b k.
Proof. unfold b. pose proof (Rle_0_sqr (g k)). nra. Qed.
Local Lemma b_up k : (k < n)%nat -> b k <= a + r * r.
Proof.
  intros Hk. assert ((g k)² <= G²).
  { apply Rsqr_le_abs_1. rewrite (Rabs_right G); [auto|]. pose proof G_nonneg; lra. }
  unfold b, r. replace (G * sqrt w * (G * sqrt w)) with (sqrt w * sqrt w * G²) by (unfold Rsqr; ring).
  rewrite sqrt_sqrt by lra. apply Rplus_le_compat_l. apply Rmult_le_compat_l; lra.
Qed.

Local Lemma sharp : decoupled_left 1 n p g a w <= decoupled_right (2 / 5) n p g G a w.
Proof.
  pose proof (decoupling_between n p g b a r p_pos p_one a_pos r_nonneg b_low b_up) as H. rewrite mean_b in H.
  unfold decoupled_left, decoupled_right. rewrite Rmult_1_l, (Rmult_assoc (2 / 5) G). exact H.
Qed.

Local Lemma family k : 0 < k -> decoupled_left (1 - k) n p g a w <= decoupled_right (1 / (8 * k)) n p g G a w.
Proof.
  intros Hk. pose proof (decoupling_between_family n p g b a r p_pos p_one a_pos r_nonneg b_low b_up k Hk) as H.
  rewrite mean_b in H. unfold decoupled_left, decoupled_right. rewrite (Rmult_assoc (1 / (8 * k)) G). exact H.
Qed.

Local Lemma larger_K c K K' : K <= K' ->
  decoupled_left c n p g a w <= decoupled_right K n p g G a w ->
    decoupled_left c n p g a w <= decoupled_right K' n p g G a w.
Proof.
  intros HK H. apply Rle_trans with (1 := H). unfold decoupled_right. apply Rplus_le_compat_l.
  apply Rmult_le_compat_r; [exact (Q_nonneg n p g b a p_pos p_one a_pos b_low)|]. apply Rmult_le_compat_r; [apply sqrt_pos|].
  apply Rmult_le_compat_r; [apply G_nonneg | auto].
Qed.
End Law.

Theorem decoupling_sharp : decoupling 1 (2 / 5).
Proof. intros n p g G a w H1 H2 H3 H4 H5. apply sharp; auto. Qed.

Theorem decoupling_family k : 0 < k -> decoupling (1 - k) (1 / (8 * k)).
Proof. intros Hk n p g G a w H1 H2 H3 H4 H5. apply family; auto. Qed.

Theorem decoupling_published : decoupling (1 / 2) 2.
Proof.
  intros n p g G a w H1 H2 H3 H4 H5. apply larger_K with (K := 1 / (8 * (1 / 2))); auto; [lra|].
  replace (1 / 2) with (1 - 1 / 2) at 1 by lra. apply family; auto; lra.
Qed.

(* No c above 1, whatever K: g = 1 surely and a large. *)
Theorem decoupling_largest_factor c K : 1 < c -> ~ decoupling c K.
Proof.
  intros Hc H. set (u := (Rabs K + 1) / (c - 1) + 1).
  pose proof (Rabs_pos K) as HK. pose proof (Rle_abs K) as HK'.
  assert (Hu : 1 < u). { assert (0 < (Rabs K + 1) / (c - 1)) by (apply Rdiv_lt_0_compat; lra). unfold u; lra. }
  assert (Hcu : Rabs K + 1 <= (c - 1) * u).
  { replace ((c - 1) * u) with (Rabs K + 1 + (c - 1)) by (unfold u; field; lra). lra. }
  specialize (H 1%nat (fun _ => 1) (fun _ => 1) 1 (u² - 1) 1).
  assert (Hs : sqrt (u²) = u) by (apply sqrt_Rsqr; lra).
  unfold decoupled_left, decoupled_right, Ex in H. simpl in H.
  replace (0 + 1 * 1) with 1 in H by ring. rewrite Rsqr_1, sqrt_1 in H.
  replace (u² - 1 + 1 * (0 + 1 * 1)) with (u²) in H by ring.
  replace (u² - 1 + 1 * 1) with (u²) in H by ring. rewrite Hs in H.
  assert (P : c * 1 / u <= 0 + 1 * (1 * 1 / u) + K * 1 * 1 * (0 + 1 * (1 / u²))).
  { apply H; try lra; [intros; lra | unfold Rsqr; nra | intros; rewrite Rabs_R1; lra]. }
  apply (Rmult_le_compat_r (u * u)) in P; [|nra].
  replace (c * 1 / u * (u * u)) with (c * u) in P by (field; lra).
  replace ((0 + 1 * (1 * 1 / u) + K * 1 * 1 * (0 + 1 * (1 / u²))) * (u * u)) with (u + K) in P
    by (unfold Rsqr; field; lra). lra.
Qed.
