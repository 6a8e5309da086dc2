(* T5's growth with 1/sqrt(w), w = 1-beta2, is needed up to a logarithm: for w <= 1/100, eps = w G^2, gradients +-G of mean
   F'(x) = G/(24 ln(1/w)) clip(sqrt(w) x/(5 alpha), -1, 1), and x_0 = 0, where D0 = 0, at the last T <= ln(1/w)^2/w sqrt(T) times
   AVGrad's average of E|F'(x_{t-1})|^2 is at least G^2/(150000 sqrt(w) ln(1/w)), and sqrt(T) times T5's right side is at most
   (3/2) G^2/sqrt(w). As the squares are G^2 its denominators b_t are the same on all paths. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Setting Logarithm RatioSums DecreasingWeights AVGradWeights AVGradRatioSum AVGradRate.
From Mada Require Import AVGradLogarithm.
Local Open Scope R_scope.

(* b_t, the length of the step, F' and its Lipschitz constant. *)
Definition growth_b (w G : R) (t : nat) : R := INR t * (w * G²) + tvbar (1 - w) (fun _ => G²) t.
Definition growth_step (w G alpha : R) (t : nat) : R := alpha * G / sqrt (growth_b w G t).
Definition growth_slope (w G alpha x : R) : R := G / (24 * ln (/ w)) * clipped (sqrt w / (5 * alpha)) x.
Definition growth_L (w G alpha : R) : R := G / (24 * ln (/ w)) * (sqrt w / (5 * alpha)).

(* (1/T) sum_t E|F'(x_{t-1})|^2: the gradient is G with probability (1 + F'(x)/G)/2, else -G. *)
Definition growth_average (w G alpha : R) (T : nat) : R :=
  sum T (fun t => coin_mean (growth_step w G alpha) (fun x => growth_slope w G alpha x / G) t
    (fun x => (growth_slope w G alpha x)²)) / INR T.

(* Second and fourth moments of a walk from 0 whose steps are drawn towards 0 with a bias of at most mu. *)
Section Walk.
Variables (eta : nat -> R) (h : R -> R) (mu : R).
Hypothesis eta_nonneg : forall t, 0 <= eta (S t).
Hypothesis mu_01 : 0 <= mu <= 1.
Hypothesis h_bounds : forall x, - mu <= h x <= mu /\ 0 <= x * h x.

Let E := coin_mean eta h.
Let V (t : nat) := sum t (fun j => (eta (S j))²).

Lemma walk_le t phi psi : (forall x, phi x <= psi x) -> E t phi <= E t psi.
Proof.
  intros H. apply coin_le with (reached := fun _ => True); auto. intros s x _. destruct (h_bounds x). cbv zeta.
  repeat split; auto; lra.
Qed.

Lemma walk_second t : E t Rsqr <= V t.
Proof.
  induction t as [|t IH]; [unfold E, V; simpl; unfold Rsqr; lra|].
  apply Rle_trans with (1 * E t Rsqr + 0 * E t Rsqr + (eta (S t))²); [|unfold V in *; rewrite sum_S; lra].
  unfold E. rewrite <- coin_linear. apply (walk_le t). intros x. cbv zeta. destruct (h_bounds x) as [_ B].
  pose proof (eta_nonneg t) as P. pose proof (Rmult_le_pos _ _ P B). unfold Rsqr. lra.
Qed.

Lemma walk_fourth t : E t (fun x => (x²)²) <= 3 * (V t)².
Proof.
  induction t as [|t IH]; [unfold E, V; simpl; unfold Rsqr; lra|].
  set (q := eta (S t)). pose proof (walk_second t) as S2.
  apply Rle_trans with (1 * E t (fun x => (x²)²) + 6 * q² * E t Rsqr + (q²)²).
  - unfold E. rewrite <- coin_linear. apply (walk_le t). intros x. cbv zeta. fold q. destruct (h_bounds x) as [_ B].
    assert (Z : 0 <= 4 * q * (x² + q²) * (x * h x)).
    { apply Rmult_le_pos; [|auto]. apply Rmult_le_pos; [pose proof (eta_nonneg t); unfold q; lra|].
      apply Rplus_le_le_0_compat; apply Rle_0_sqr. }
    unfold Rsqr in *. lra.
  - unfold V in *. rewrite sum_S. fold q. set (u := sum t (fun j => (eta (S j))²)) in *.
    assert (6 * q² * E t Rsqr <= 6 * q² * u) by (apply Rmult_le_compat_l; [pose proof (Rle_0_sqr q); lra | auto]).
    pose proof (Rle_0_sqr (q²)). unfold Rsqr in *. lra.
Qed.

(* The root of E x_t^2 falls by at most mu eta_t in a step. *)
Lemma walk_far t : let r := eta 1 - mu * sum t (fun j => eta (S (S j))) in 0 < r -> r² <= E (S t) Rsqr.
Proof.
  cbv zeta. induction t as [|t IH]; intros Hr.
  - unfold E. simpl in *. unfold Rsqr. lra.
  - rewrite sum_S in *. set (r := eta 1 - mu * sum t (fun j => eta (S (S j)))) in *. set (q := eta (S (S t))) in *.
    pose proof (eta_nonneg (S t)) as Pq. fold q in Pq. assert (Pm : 0 <= mu * q) by (apply Rmult_le_pos; lra).
    assert (Pr : 0 < r) by (unfold r; lra). specialize (IH Pr).
    replace (eta 1 - mu * (sum t (fun j => eta (S (S j))) + q)) with (r - mu * q) in * by (unfold r; ring).
    apply Rle_trans with ((1 - mu * q / r) * E (S t) Rsqr + 0 * E (S t) Rsqr + (q² - mu * q * r)).
    + assert (0 <= 1 - mu * q / r).
      { replace (1 - mu * q / r) with ((r - mu * q) / r) by (field; lra). apply Rlt_le, Rdiv_lt_0_compat; lra. }
      apply Rle_trans with ((1 - mu * q / r) * r² + (q² - mu * q * r));
        [|apply Rmult_le_compat_l with (r := 1 - mu * q / r) in IH; lra].
      replace ((1 - mu * q / r) * r² + (q² - mu * q * r)) with ((r - mu * q)² + q² * (1 - mu²))
        by (unfold Rsqr; field; lra).
      assert (0 <= q² * (1 - mu²)); [|lra]. apply Rmult_le_pos; [apply Rle_0_sqr | unfold Rsqr; nra].
    + unfold E. rewrite <- coin_linear. apply (walk_le (S t)). intros x. cbv zeta. fold q. destruct (h_bounds x) as [B _].
      assert (Z : x * h x <= mu * (/ 2 * (x² / r + r))).
      { assert (2 * Rabs x <= x² / r + r).
        { assert (0 <= (Rabs x - r)² / r) by (apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; auto]).
          replace (x² / r + r) with ((Rabs x - r)² / r + 2 * Rabs x); [lra|].
          rewrite (Rsqr_abs x). unfold Rsqr. field. lra. }
        assert (x * h x <= mu * Rabs x).
        { apply Rle_trans with (1 := Rle_abs _). rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos|].
          apply Rabs_le. auto. }
        assert (mu * Rabs x <= mu * (/ 2 * (x² / r + r))) by (apply Rmult_le_compat_l; lra). lra. }
      apply Rmult_le_compat_l with (r := 2 * q) in Z; [|lra].
      replace (2 * q * (mu * (/ 2 * (x² / r + r)))) with (mu * q / r * x² + mu * q * r) in Z by (field; lra).
      unfold Rsqr in *. lra.
Qed.

Lemma walk_clipped t a : a² * E t Rsqr - (a²)² / 4 * E t (fun x => (x²)²) <= E t (fun x => (clipped a x)²).
Proof.
  apply Rle_trans with (a² * E t Rsqr + - ((a²)² / 4) * E t (fun x => (x²)²) + 0); [lra|].
  unfold E. rewrite <- coin_linear. apply (walk_le t). intros x.
  replace (a² * x² + - ((a²)² / 4) * (x²)² + 0) with ((a * x)² - ((a * x)²)² / 4) by (unfold Rsqr; field).
  unfold clipped. set (y := a * x). pose proof (Rle_0_sqr (y² / 2 - 1)) as S1. pose proof (Rle_0_sqr (y²)) as S2.
  destruct (Rle_dec 1 y); [rewrite (Rmin_left 1 y), (Rmax_right (-1) 1) by lra; unfold Rsqr in *; lra|].
  rewrite (Rmin_right 1 y) by lra. destruct (Rle_dec y (-1)).
  - rewrite Rmax_left by lra. unfold Rsqr in *. lra.
  - rewrite Rmax_right by lra. unfold Rsqr in *. lra.
Qed.
End Walk.

Section Growth.
Variables (w G alpha : R).
Hypothesis w_small : 0 < w <= 1 / 100.
Hypothesis G_pos : 0 < G.
Hypothesis alpha_pos : 0 < alpha.

Let lam := ln (/ w).
Let U := alpha / sqrt w.
Let eta := growth_step w G alpha.
Let mu := / (24 * lam).
Let a := sqrt w / (5 * alpha).

Local Lemma root_w : 0 < sqrt w <= 1 / 10 /\ (sqrt w)² = w.
Proof.
  repeat split; [apply sqrt_lt_R0; lra | | apply Rsqr_sqrt; lra].
  replace (1 / 10) with (sqrt (1 / 100)); [apply sqrt_le_1_alt; lra|].
  replace (1 / 100) with ((1 / 10)²) by (unfold Rsqr; lra). apply sqrt_Rsqr. lra.
Qed.

Local Lemma lam_low : 4 <= lam.
Proof.
  rewrite <- (ln_exp 4). unfold lam. apply ln_le_mono; [apply exp_pos|]. apply Rle_trans with 100.
  - replace 4 with (1 + 1 + (1 + 1)) by lra. rewrite !exp_plus. pose proof exp_le_3. pose proof (exp_pos 1).
    assert (exp 1 * exp 1 <= 9) by nra. assert (0 < exp 1 * exp 1) by nra. nra.
  - replace 100 with (/ (1 / 100)) by lra. apply Rinv_le_contravar; lra.
Qed.

(* ln(1/w) <= (7/10)/sqrt w *)
Local Lemma lam_up : lam * sqrt w <= 7 / 10.
Proof.
  destruct root_w as [[P S] E]. set (z := / sqrt w). assert (Pz : 10 <= z).
  { unfold z. replace 10 with (/ (1 / 10)) by lra. apply Rinv_le_contravar; lra. }
  assert (Hl : lam = 2 * (ln (z / 4) + (ln 2 + ln 2))).
  { rewrite <- !ln_mult by lra. replace (z / 4 * (2 * 2)) with z by lra. unfold lam, z. rewrite <- E at 1. unfold Rsqr.
    rewrite Rinv_mult, ln_mult by (apply Rinv_0_lt_compat; lra). ring. }
  pose proof (ln_upper (z / 4) ltac:(lra)). pose proof (ln_upper 2 ltac:(lra)).
  replace (7 / 10) with (7 / 10 * z * sqrt w) by (unfold z; field; lra). apply Rmult_le_compat_r; lra.
Qed.

Local Lemma w_lam : w * lam <= 7 / 100.
Proof.
  destruct root_w as [[P S] E]. pose proof lam_up. pose proof lam_low. rewrite <- E. unfold Rsqr.
  replace (sqrt w * sqrt w * lam) with (sqrt w * (lam * sqrt w)) by ring. nra.
Qed.

Local Lemma b_low t : G² * w * (INR (S t) * (INR (S t) + 1)) / (2 * (1 + w * INR (S t))) <= growth_b w G (S t).
Proof.
  pose proof (INR_S_pos t) as Pt. set (s := INR (S t)) in *. assert (PG : 0 < G²) by (apply Rsqr_pos_lt; lra).
  pose proof (avgrad_bias_lower (1 - w) (G²) (S t) ltac:(lia) ltac:(lra) PG) as H. fold s in H.
  assert (D : 0 < 1 + w * s) by (pose proof (Rmult_lt_0_compat w s); lra).
  assert (K : (1 - w) ^ S t * (1 + w * s) <= 1).
  { unfold s. clear - w_small. induction t as [|t IH]; [simpl; nra|]. rewrite (S_INR (S t)).
    change ((1 - w) ^ S (S t)) with ((1 - w) * (1 - w) ^ S t). pose proof (pow_01 (1 - w) (S t) ltac:(lra)) as [P _].
    pose proof (pos_INR (S t)). set (p := (1 - w) ^ S t) in *. set (n := INR (S t)) in *.
    assert (0 <= p * (w * w * (n + 1))) by (apply Rmult_le_pos; [lra|]; repeat apply Rmult_le_pos; lra). lra. }
  assert (M : w * s / (1 + w * s) <= 1 - (1 - w) ^ S t).
  { apply Rmult_le_reg_r with (1 + w * s); [auto|].
    replace (w * s / (1 + w * s) * (1 + w * s)) with (w * s) by (field; lra). lra. }
  apply Rmult_le_compat_l with (r := (s + 1) / 2 * G²) in M; [|apply Rmult_le_pos; lra].
  apply Rmult_le_compat_l with (r := s) in H; [|lra].
  replace (s * (tvbar (1 - w) (fun _ => G²) (S t) / s)) with (tvbar (1 - w) (fun _ => G²) (S t)) in H by (field; lra).
  replace (s * ((s + 1) / (2 * s) * (1 - (1 - w) ^ S t) * G²))
    with ((s + 1) / 2 * G² * (1 - (1 - w) ^ S t)) in H by (field; lra).
  replace ((s + 1) / 2 * G² * (w * s / (1 + w * s)))
    with (G² * w * (s * (s + 1)) / (2 * (1 + w * s))) in M by (field; lra).
  unfold growth_b. fold s. assert (0 <= s * (w * G²)) by (repeat apply Rmult_le_pos; lra). lra.
Qed.

Local Lemma b_pos t : 0 < growth_b w G (S t).
Proof.
  apply Rlt_le_trans with (2 := b_low t). pose proof (INR_S_pos t). assert (0 < G²) by (apply Rsqr_pos_lt; lra).
  assert (0 < w * INR (S t)) by (apply Rmult_lt_0_compat; lra).
  apply Rdiv_lt_0_compat; [|lra]. repeat apply Rmult_lt_0_compat; lra.
Qed.

Local Lemma eta_pos t : 0 < eta (S t).
Proof. apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; auto | apply sqrt_lt_R0, b_pos]. Qed.

Local Lemma U_pos : 0 < U.
Proof. apply Rdiv_lt_0_compat; [auto | apply root_w]. Qed.

Local Lemma eta_first : 2 * (eta 1)² = U².
Proof.
  destruct root_w as [[P _] E]. assert (0 < G²) by (apply Rsqr_pos_lt; lra).
  unfold eta, growth_step, U. rewrite !Rsqr_div', Rsqr_mult, Rsqr_sqrt, E by (left; apply (b_pos 0)).
  replace (growth_b w G 1) with (2 * (w * G²)) by (unfold growth_b, tvbar; simpl; ring). field. lra.
Qed.

Local Lemma eta_square t : (eta (S t))² <= 2 * U² * (/ (INR (S t) * (INR (S t) + 1)) + w * / INR (S t)).
Proof.
  destruct root_w as [[P _] E]. assert (PG : 0 < G²) by (apply Rsqr_pos_lt; lra). pose proof (INR_S_pos t) as Pt.
  pose proof (b_low t) as B. set (s := INR (S t)) in *. assert (Pw : 0 < w * s) by (apply Rmult_lt_0_compat; lra).
  unfold eta, growth_step, U. rewrite !Rsqr_div', Rsqr_mult, Rsqr_sqrt, E by (left; apply b_pos).
  assert (Pa : 0 < alpha²) by (apply Rsqr_pos_lt; lra).
  apply Rle_trans with (alpha² * G² / (G² * w * (s * (s + 1)) / (2 * (1 + w * s)))).
  - apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. apply Rinv_le_contravar; [|auto].
    apply Rdiv_lt_0_compat; [|lra]. repeat apply Rmult_lt_0_compat; lra.
  - replace (alpha² * G² / (G² * w * (s * (s + 1)) / (2 * (1 + w * s))))
      with (2 * (alpha² / w) * (/ (s * (s + 1)) + w * / (s + 1))) by (field; repeat split; lra).
    apply Rmult_le_compat_l; [assert (0 < alpha² / w) by (apply Rdiv_lt_0_compat; lra); lra|].
    apply Rplus_le_compat_l, Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra.
Qed.

(* Sums over the steps after the first. *)
Local Lemma log_step t : ln (INR (S t)) + / INR (S (S t)) <= ln (INR (S (S t))).
Proof.
  pose proof (INR_S_pos t) as P. pose proof (ratio_step (INR (S t)) 1 P ltac:(lra)) as H.
  rewrite <- S_INR in H. unfold Rdiv in H. lra.
Qed.

Local Lemma squares t : sum (S t) (fun j => (eta (S j))²) <= U² * (3 / 2 + 2 * w * ln (INR (S t))).
Proof.
  assert (H : sum (S t) (fun j => (eta (S j))²) <= U² * (3 / 2 - 2 * / (INR (S t) + 1) + 2 * w * ln (INR (S t)))).
  { induction t as [|t IH].
    - simpl. pose proof eta_first as H1. rewrite ln_1. lra.
    - rewrite sum_S. pose proof (eta_square (S t)) as H1. pose proof (log_step t) as H2. pose proof U_pos.
      assert (PU : 0 < U²) by (apply Rsqr_pos_lt; lra). pose proof (INR_S_pos t).
      rewrite (S_INR (S t)) in *. set (s := INR (S t)) in *.
      replace (/ ((s + 1) * (s + 1 + 1))) with (/ (s + 1) - / (s + 1 + 1)) in H1 by (field; lra).
      apply Rmult_le_compat_l with (r := 2 * U² * w) in H2; [|apply Rmult_le_pos; lra]. lra. }
  pose proof (INR_S_pos t). assert (0 < / (INR (S t) + 1)) by (apply Rinv_0_lt_compat; lra).
  assert (0 <= U² * / (INR (S t) + 1)) by (apply Rmult_le_pos; [apply Rle_0_sqr | lra]). lra.
Qed.

Local Lemma lengths t : sum t (fun j => eta (S (S j))) <= sqrt 2 * U * (ln (INR (S t)) + 2 * (sqrt w * sqrt (INR (S t)))).
Proof.
  pose proof U_pos as PU. pose proof (sqrt_lt_R0 2 ltac:(lra)) as P2. destruct root_w as [[Pw _] Ew].
  induction t as [|t IH].
  - simpl. rewrite ln_1, sqrt_1. assert (0 < sqrt 2 * U) by (apply Rmult_lt_0_compat; auto).
    assert (0 <= sqrt 2 * U * (2 * sqrt w)) by (apply Rmult_le_pos; lra). lra.
  - rewrite sum_S. pose proof (log_step t) as H2. pose proof (eta_square (S t)) as H1.
    pose proof (INR_S_pos t) as Ps. pose proof (INR_S_pos (S t)) as Ps'. set (s := INR (S (S t))) in *.
    pose proof (sqrt_lt_R0 s Ps') as Pr.
    assert (Hq : eta (S (S t)) <= sqrt 2 * U * (/ s + sqrt w * / sqrt s)).
    { assert (0 < / s) by (apply Rinv_0_lt_compat; auto). assert (0 < / sqrt s) by (apply Rinv_0_lt_compat; auto).
      assert (0 < sqrt w * / sqrt s) by (apply Rmult_lt_0_compat; auto).
      apply Rsqr_incr_0_var; [|apply Rmult_le_pos; [apply Rmult_le_pos|]; lra]. apply Rle_trans with (1 := H1).
      rewrite !Rsqr_mult, Rsqr_sqrt by lra. apply Rmult_le_compat_l; [pose proof (Rle_0_sqr U); lra|].
      rewrite Rsqr_plus, (Rsqr_mult (sqrt w)), Ew, Rsqr_inv', Rsqr_inv', (Rsqr_sqrt s) by lra.
      assert (/ (s * (s + 1)) <= / s²) by (apply Rinv_le_contravar; unfold Rsqr; [apply Rmult_lt_0_compat; lra | nra]).
      assert (0 < 2 * / s * (sqrt w * / sqrt s)) by (apply Rmult_lt_0_compat; lra). lra. }
    assert (Hr : sqrt (INR (S t)) + / 2 * / sqrt s <= sqrt s).
    { pose proof (sqrt_sqrt s ltac:(lra)) as E1. pose proof (sqrt_sqrt (INR (S t)) ltac:(lra)) as E2.
      pose proof (S_INR (S t)) as ES. fold s in ES. set (p := sqrt (INR (S t))) in *. set (q := sqrt s) in *.
      apply Rmult_le_reg_l with (2 * q); [lra|].
      replace (2 * q * (p + / 2 * / q)) with (2 * p * q + 1) by (field; lra). nra. }
    apply Rmult_le_compat_l with (r := 2 * sqrt w) in Hr; [|lra].
    assert (K : / s + sqrt w * / sqrt s + (ln (INR (S t)) + 2 * (sqrt w * sqrt (INR (S t))))
      <= ln s + 2 * (sqrt w * sqrt s)) by lra.
    apply Rmult_le_compat_l with (r := sqrt 2 * U) in K; [|apply Rmult_le_pos; lra]. lra.
Qed.

Local Lemma slope_over_G x : growth_slope w G alpha x / G = mu * clipped a x.
Proof. pose proof lam_low. unfold growth_slope, mu, a. fold lam. field. lra. Qed.

Local Lemma clip_bounds x : -1 <= clipped a x <= 1 /\ 0 <= x * clipped a x.
Proof.
  assert (Pa : 0 < a) by (apply Rdiv_lt_0_compat; [apply root_w | lra]). unfold clipped.
  destruct (Rle_dec 0 x) as [Hx | Hx].
  - assert (0 <= a * x) by (apply Rmult_le_pos; lra). rewrite Rmax_right by (apply Rmin_glb; lra).
    assert (0 <= Rmin 1 (a * x)) by (apply Rmin_glb; lra). pose proof (Rmin_l 1 (a * x)).
    repeat split; [lra | lra | apply Rmult_le_pos; lra].
  - assert (a * x <= 0) by nra. rewrite Rmin_right by lra. assert (Rmax (-1) (a * x) <= 0) by (apply Rmax_lub; lra).
    pose proof (Rmax_l (-1) (a * x)). repeat split; [lra | lra | nra].
Qed.

Local Lemma mu_01 : 0 < mu <= 1.
Proof.
  pose proof lam_low. split; [apply Rinv_0_lt_compat; lra|]. rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

Local Lemma h_bounds x : - mu <= growth_slope w G alpha x / G <= mu /\ 0 <= x * (growth_slope w G alpha x / G).
Proof.
  rewrite slope_over_G. destruct (clip_bounds x) as [B C]. pose proof mu_01. repeat split; [nra | nra |].
  replace (x * (mu * clipped a x)) with (mu * (x * clipped a x)) by ring. apply Rmult_le_pos; lra.
Qed.

Local Lemma log_T t : w * INR (S t) <= lam² -> ln (INR (S t)) <= 2 * lam.
Proof.
  intros H. pose proof (INR_S_pos t) as P. destruct root_w as [[Pw _] Ew]. pose proof lam_up as U1. pose proof lam_low.
  assert (B : INR (S t) * w * w <= 1).
  { apply Rle_trans with ((lam * sqrt w)²);
      [|unfold Rsqr; assert (0 < lam * sqrt w) by (apply Rmult_lt_0_compat; lra); nra].
    rewrite Rsqr_mult, Ew. replace (INR (S t) * w * w) with (w * INR (S t) * w) by ring. apply Rmult_le_compat_r; lra. }
  replace (2 * lam) with (ln (/ w * / w)).
  - apply ln_le_mono; [auto|]. apply Rmult_le_reg_r with (w * w); [apply Rmult_lt_0_compat; lra|].
    replace (/ w * / w * (w * w)) with 1 by (field; lra). lra.
  - rewrite ln_mult by (apply Rinv_0_lt_compat; lra). unfold lam. ring.
Qed.

(* E F'(x_t)^2 >= (23/5625) mu^2 G^2 at every t from 1 to ln(1/w)^2/w *)
Local Lemma flat t : w * INR (S t) <= lam² -> 7 / 1000000 * (G² / lam²)
  <= coin_mean eta (fun x => growth_slope w G alpha x / G) (S t) (fun x => (growth_slope w G alpha x)²).
Proof.
  intros H. pose proof (log_T t H) as HT. pose proof mu_01. pose proof U_pos as PU. pose proof lam_low as Hl.
  assert (PU2 : 0 < U²) by (apply Rsqr_pos_lt; lra). destruct root_w as [[Pw _] Ew]. pose proof (INR_S_pos t) as Pt.
  set (h := fun x => growth_slope w G alpha x / G). set (E := coin_mean eta h).
  assert (en : forall t, 0 <= eta (S t)) by (intros; apply Rlt_le, eta_pos).
  pose proof (walk_far eta h mu en ltac:(lra) h_bounds t) as Far. fold E in Far. cbv zeta in Far.
  pose proof (walk_fourth eta h mu en ltac:(lra) h_bounds (S t)) as Fourth. fold E in Fourth.
  pose proof (walk_clipped eta h mu ltac:(lra) h_bounds (S t) a) as Clip. fold E in Clip.
  (* the spread so far *)
  assert (V : 0 <= sum (S t) (fun j => (eta (S j))²) <= 2 * U²).
  { split; [apply sum_nonneg; intros; apply Rle_0_sqr|]. apply Rle_trans with (1 := squares t). rewrite Rmult_comm.
    apply Rmult_le_compat_r; [lra|]. pose proof w_lam.
    assert (w * ln (INR (S t)) <= w * (2 * lam)) by (apply Rmult_le_compat_l; lra). lra. }
  assert (Z : E (S t) (fun x => (x²)²) <= 12 * (U²)²).
  { apply Rle_trans with (1 := Fourth).
    pose proof (Rsqr_incr_1 _ _ (proj2 V) ltac:(lra) ltac:(lra)) as V2. unfold Rsqr in *. lra. }
  (* what the drift has taken *)
  assert (P2 : 0 < sqrt 2) by (apply sqrt_lt_R0; lra). pose proof (sqrt_sqrt 2 ltac:(lra)) as E2.
  assert (First : eta 1 = sqrt 2 / 2 * U).
  { apply Rsqr_inj; [apply en | apply Rmult_le_pos; lra|]. pose proof eta_first.
    rewrite Rsqr_mult, Rsqr_div', Rsqr_sqrt by lra. unfold Rsqr in *. lra. }
  assert (D : mu * sum t (fun j => eta (S (S j))) <= sqrt 2 / 6 * U).
  { assert (R : sqrt w * sqrt (INR (S t)) <= lam).
    { rewrite <- sqrt_mult by lra. rewrite <- (sqrt_Rsqr lam) by lra. apply sqrt_le_1_alt. auto. }
    apply Rle_trans with (mu * (sqrt 2 * U * (4 * lam))).
    - apply Rmult_le_compat_l; [lra|]. apply Rle_trans with (1 := lengths t).
      apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | lra].
    - right. unfold mu. field. lra. }
  assert (Y : 2 / 9 * U² <= E (S t) Rsqr).
  { assert (Pr : 0 < sqrt 2 / 3 * U) by (apply Rmult_lt_0_compat; lra).
    apply Rle_trans with (2 := Far ltac:(lra)). apply Rle_trans with ((sqrt 2 / 3 * U)²).
    - rewrite Rsqr_mult, Rsqr_div', Rsqr_sqrt by lra. unfold Rsqr. lra.
    - apply Rsqr_incr_1; lra. }
  assert (Ha : a² = / (25 * U²)).
  { unfold a, U. rewrite !Rsqr_div', Rsqr_mult, Ew. unfold Rsqr. field. lra. }
  assert (C : 23 / 5625 <= E (S t) (fun x => (clipped a x)²)).
  { apply Rle_trans with (2 := Clip). rewrite Ha. assert (Pi : 0 < / (25 * U²)) by (apply Rinv_0_lt_compat; lra).
    apply Rmult_le_compat_l with (r := / (25 * U²)) in Y; [|lra].
    apply Rmult_le_compat_l with (r := (/ (25 * U²))² / 4) in Z; [|pose proof (Rle_0_sqr (/ (25 * U²))); lra].
    replace (/ (25 * U²) * (2 / 9 * U²)) with (2 / 225) in Y by (field; lra).
    replace ((/ (25 * U²))² / 4 * (12 * (U²)²)) with (3 / 625) in Z by (unfold Rsqr in *; field; lra). lra. }
  assert (PG : 0 < (mu * G)²) by (apply Rsqr_pos_lt, Rgt_not_eq, Rmult_lt_0_compat; lra).
  apply Rmult_le_compat_l with (r := (mu * G)²) in C; [|lra].
  apply Rle_trans with ((mu * G)² * (23 / 5625)).
  - replace ((mu * G)²) with (/ 576 * (G² / lam²)) by (unfold mu, Rsqr; field; lra).
    assert (0 < G² / lam²) by (apply Rdiv_lt_0_compat; apply Rsqr_pos_lt; lra). lra.
  - apply Rle_trans with (1 := C).
    apply Rle_trans with ((mu * G)² * E (S t) (fun x => (clipped a x)²) + 0 * E (S t) Rsqr + 0); [lra|].
    unfold E. rewrite <- coin_linear. apply (walk_le eta h mu ltac:(lra) h_bounds (S t)). intros x.
    replace (growth_slope w G alpha x) with (mu * clipped a x * G) by (rewrite <- slope_over_G; field; lra).
    unfold Rsqr. lra.
Qed.

Theorem avgrad_average_low T : (0 < T)%nat -> w * INR T <= (ln (/ w))² ->
  7 / 1000000 * (G² / (ln (/ w))²) * (1 - / INR T) <= growth_average w G alpha T.
Proof.
  intros HT H. fold lam in H |- *. destruct T as [|T]; [lia|]. clear HT. pose proof (INR_S_pos T) as P.
  set (c := 7 / 1000000 * (G² / lam²)).
  assert (B : c * INR T <= sum (S T) (fun t => coin_mean eta (fun x => growth_slope w G alpha x / G) t
      (fun x => (growth_slope w G alpha x)²))).
  { induction T as [|T IH].
    - simpl. rewrite Rmult_0_r. pose proof (Rle_0_sqr (growth_slope w G alpha 0)). lra.
    - rewrite sum_S, S_INR. assert (w * INR (S T) <= lam²).
      { apply Rle_trans with (2 := H). apply Rmult_le_compat_l; [lra|]. rewrite (S_INR (S T)). lra. }
      specialize (IH ltac:(auto) (INR_S_pos T)). pose proof (flat T ltac:(auto)) as F. fold c in F. lra. }
  unfold growth_average. fold eta. apply Rle_trans with (c * INR T / INR (S T)).
  - right. rewrite (S_INR T) in *. field. lra.
  - apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto | auto].
Qed.

(* The gradients have this mean, 0 is a minimizer of F, and F is smooth. *)
Theorem growth_problem x y : Rabs (growth_slope w G alpha x) <= G /\ 0 <= x * growth_slope w G alpha x /\
  Rabs (growth_slope w G alpha y - growth_slope w G alpha x) <= growth_L w G alpha * Rabs (y - x).
Proof.
  pose proof mu_01. destruct (clip_bounds x) as [B D].
  assert (E : forall z, growth_slope w G alpha z = mu * G * clipped a z).
  { intros z. pose proof (slope_over_G z) as F.
    replace (growth_slope w G alpha z) with (growth_slope w G alpha z / G * G) by (field; lra). rewrite F. ring. }
  assert (Pc : 0 < mu * G) by (apply Rmult_lt_0_compat; lra). rewrite !E. repeat split.
  - rewrite Rabs_mult, (Rabs_right (mu * G)) by lra. assert (Rabs (clipped a x) <= 1) by (apply Rabs_le; lra).
    apply Rle_trans with (mu * G * 1); [apply Rmult_le_compat_l; lra | nra].
  - replace (x * (mu * G * clipped a x)) with (mu * G * (x * clipped a x)) by ring. apply Rmult_le_pos; lra.
  - rewrite <- Rmult_minus_distr_l, Rabs_mult, (Rabs_right (mu * G)) by lra.
    replace (growth_L w G alpha) with (mu * G * a) by (pose proof lam_low; unfold growth_L, mu, a; fold lam; field; lra).
    rewrite (Rmult_assoc (mu * G) a). apply Rmult_le_compat_l; [lra|].
   
    assert (Pa : 0 < a) by (apply Rdiv_lt_0_compat; [apply root_w | lra]).
    rewrite <- (Rabs_right a) at 3 by lra. rewrite <- Rabs_mult, Rmult_minus_distr_l. unfold clipped.
    unfold Rmax, Rmin, Rabs. repeat destruct Rle_dec; repeat destruct Rcase_abs; lra.
Qed.

Theorem avgrad_weight_growth : exists T, INR T <= (ln (/ w))² / w < INR T + 1 /\
  G² / (150000 * sqrt w * ln (/ w)) <= sqrt (INR T) * growth_average w G alpha T /\
  sqrt (INR T) * avgrad_right 1 (2 / 5) (INR T) 1 0 (growth_L w G alpha) G (w * G²) alpha (1 - w)
    <= 3 / 2 * (G² / sqrt w).
Proof.
  pose proof lam_low as Hl. pose proof lam_up as Hu. destruct root_w as [[Pw Sw] Ew]. pose proof w_lam as Hw.
  assert (PG : 0 < G²) by (apply Rsqr_pos_lt; lra). set (y := lam² / w).
  assert (Hy : w * y = lam²) by (unfold y; field; lra).
  assert (Py : 1600 <= y).
  { apply Rmult_le_reg_l with w; [lra|]. rewrite Hy. unfold Rsqr. nra. }
  destruct (archimed y) as [A1 A2]. set (T := Z.to_nat (up y - 1)). exists T.
  assert (HT : INR T = IZR (up y) - 1).
  { unfold T. rewrite INR_IZR_INZ, Z2Nat.id, minus_IZR; [reflexivity|]. apply le_IZR. rewrite minus_IZR. lra. }
  assert (PT : (0 < T)%nat) by (apply INR_lt; simpl; lra). split; [fold lam; fold y; lra|].
  assert (Hs : 999 / 1000 * (lam / sqrt w) <= sqrt (INR T)).
  { rewrite <- (sqrt_Rsqr (999 / 1000 * (lam / sqrt w))).
    - apply sqrt_le_1_alt. rewrite Rsqr_mult, (Rsqr_div' lam), Ew. fold y. unfold Rsqr at 1. lra.
    - apply Rmult_le_pos; [lra|]. apply Rlt_le, Rdiv_lt_0_compat; lra. }
  assert (Ps : 0 < sqrt (INR T)) by (apply sqrt_lt_R0; lra). split.
  - assert (Low : 7 / 1000000 * (G² / lam²) * (1 - / INR T) <= growth_average w G alpha T).
    { apply avgrad_average_low; [auto|]. fold lam. rewrite <- Hy. apply Rmult_le_compat_l; lra. }
    assert (HI : / INR T <= / 1000) by (apply Rinv_le_contravar; lra).
    assert (P2 : 0 < G² / lam²) by (apply Rdiv_lt_0_compat; [auto | apply Rsqr_pos_lt; lra]).
    apply Rle_trans with (999 / 1000 * (lam / sqrt w) * (7 / 1000000 * (G² / lam²) * (999 / 1000))).
    + replace (999 / 1000 * (lam / sqrt w) * (7 / 1000000 * (G² / lam²) * (999 / 1000)))
        with (999 / 1000 * (7 / 1000000) * (999 / 1000) * (G² / (sqrt w * lam))) by (unfold Rsqr; field; lra).
      fold lam.
      replace (G² / (150000 * sqrt w * lam)) with (/ 150000 * (G² / (sqrt w * lam))) by (field; lra).
      apply Rmult_le_compat_r; [|lra]. apply Rlt_le, Rdiv_lt_0_compat; [auto | apply Rmult_lt_0_compat; lra].
    + apply Rle_trans with (sqrt (INR T) * (7 / 1000000 * (G² / lam²) * (1 - / INR T))); [|apply Rmult_le_compat_l; lra].
      apply Rmult_le_compat; [apply Rmult_le_pos; [lra | apply Rlt_le, Rdiv_lt_0_compat; lra] | lra | auto |].
      apply Rmult_le_compat_l; lra.
  - unfold avgrad_right, avgrad_weighted_right, avgrad_weighted_right_by_coordinate. rewrite !Rmult_1_l.
    assert (K : K2_avgrad (INR T) G (w * G²) (1 - w) <= 321 / 100 / w).
    { apply Rle_trans with (1 := Rmin_r _ _). unfold K2_uniform. replace (1 - (1 - w)) with w by ring.
      replace (2 * w * G² / (w * G²)) with 2 by (field; lra). rewrite Psi_large by lra.
      replace (INR T * G² / (w * G²)) with (INR T / w) by (field; lra). pose proof (ln_upper 2 ltac:(lra)).
      assert (Hln : ln (1 + INR T / w) <= 3 * lam).
      { replace (3 * lam) with (ln (/ w * (/ w * / w))).
        - assert (0 <= INR T / w) by (apply Rlt_le, Rdiv_lt_0_compat; lra). apply ln_le_mono; [lra|].
          apply Rmult_le_reg_r with (w * (w * w)); [repeat apply Rmult_lt_0_compat; lra|].
          replace (/ w * (/ w * / w) * (w * (w * w))) with 1 by (field; lra).
          replace ((1 + INR T / w) * (w * (w * w))) with (w * (w * w) + w * INR T * w) by (field; lra).
          assert (w * INR T <= lam²) by (rewrite <- Hy; apply Rmult_le_compat_l; lra).
          assert (w * INR T * w <= (lam * sqrt w)²) by (rewrite Rsqr_mult, Ew; apply Rmult_le_compat_r; lra).
          assert (0 < lam * sqrt w) by (apply Rmult_lt_0_compat; lra). unfold Rsqr in *. nra.
        - assert (0 < / w) by (apply Rinv_0_lt_compat; lra).
          rewrite !ln_mult by (auto; apply Rmult_lt_0_compat; auto). unfold lam. ring. }
      apply Rmult_le_reg_l with w; [lra|]. replace (w * (321 / 100 / w)) with (321 / 100) by (field; lra).
      replace (w * (ln (1 + INR T / w) + (1 - w) / w * (2 + ln 2)))
        with (w * ln (1 + INR T / w) + (1 - w) * (2 + ln 2)) by (field; lra).
      assert (w * ln (1 + INR T / w) <= w * (3 * lam)) by (apply Rmult_le_compat_l; lra).
      assert ((1 - w) * (2 + ln 2) <= 1 * 3); [|lra]. pose proof (ln_nonneg 2 ltac:(lra)). apply Rmult_le_compat; lra. }
    assert (C : 2 / 5 * alpha * G * sqrt (1 - (1 - w)) + alpha² * growth_L w G alpha / 2
      <= 402 / 1000 * (alpha * G * sqrt w)).
    { replace (1 - (1 - w)) with w by ring. unfold growth_L. fold lam.
      replace (alpha² * (G / (24 * lam) * (sqrt w / (5 * alpha))) / 2) with (/ (240 * lam) * (alpha * G * sqrt w))
        by (unfold Rsqr; field; lra).
      assert (P : 0 < alpha * G * sqrt w) by (repeat apply Rmult_lt_0_compat; lra).
      assert (/ (240 * lam) <= / 960) by (apply Rinv_le_contravar; lra).
      assert (/ (240 * lam) * (alpha * G * sqrt w) <= / 960 * (alpha * G * sqrt w)) by (apply Rmult_le_compat_r; lra). lra. }
    assert (Rd : radius (w * G²) G <= 101 / 100 * G).
    { unfold radius. rewrite <- (sqrt_Rsqr (101 / 100 * G)) by lra. apply sqrt_le_1_alt. rewrite Rsqr_mult.
      assert (w * G² <= 1 / 100 * G²) by (apply Rmult_le_compat_r; lra). unfold Rsqr at 3. lra. }
    pose proof (radius_pos (w * G²) G ltac:(apply Rmult_lt_0_compat; lra)) as Pr.
    assert (PL : 0 < growth_L w G alpha) by (apply Rmult_lt_0_compat; apply Rdiv_lt_0_compat; fold lam; lra).
    assert (PQ : 0 <= 2 / 5 * alpha * G * sqrt (1 - (1 - w)) + alpha² * growth_L w G alpha / 2).
    { replace (1 - (1 - w)) with w by ring. assert (0 < alpha * G * sqrt w) by (repeat apply Rmult_lt_0_compat; lra).
      assert (0 <= alpha² * growth_L w G alpha) by (apply Rmult_le_pos; [apply Rle_0_sqr | lra]). lra. }
    set (Q := 2 / 5 * alpha * G * sqrt (1 - (1 - w)) + alpha² * growth_L w G alpha / 2) in *.
    set (K2 := K2_avgrad (INR T) G (w * G²) (1 - w)) in *. set (R0 := radius (w * G²) G) in *.
    assert (PC : 0 < 402 / 1000 * (alpha * G * sqrt w)) by (repeat apply Rmult_lt_0_compat; lra).
    assert (PW : 0 < 321 / 100 / w) by (apply Rdiv_lt_0_compat; lra).
    replace (sqrt (INR T) * (R0 / alpha * (0 + Q * K2) / sqrt (INR T))) with (R0 / alpha * (Q * K2))
      by (field; lra).
    apply Rle_trans with (101 / 100 * G / alpha * (402 / 1000 * (alpha * G * sqrt w) * (321 / 100 / w))).
    + apply Rle_trans with (R0 / alpha * (402 / 1000 * (alpha * G * sqrt w) * (321 / 100 / w))).
      * apply Rmult_le_compat_l; [apply Rlt_le, Rdiv_lt_0_compat; auto|].
        apply Rle_trans with (Q * (321 / 100 / w)); [apply Rmult_le_compat_l | apply Rmult_le_compat_r]; lra.
      * apply Rmult_le_compat_r; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat|]; auto.
    + replace (321 / 100 / w) with (321 / 100 / (sqrt w * sqrt w)) by (unfold Rsqr in Ew; rewrite Ew; reflexivity).
      replace (101 / 100 * G / alpha * (402 / 1000 * (alpha * G * sqrt w) * (321 / 100 / (sqrt w * sqrt w))))
        with (101 / 100 * (402 / 1000) * (321 / 100) * (G² / sqrt w)) by (unfold Rsqr; field; lra).
      apply Rmult_le_compat_r; [apply Rlt_le, Rdiv_lt_0_compat; auto | lra].
Qed.
End Growth.
